// The mark that a challenge left on an incident: what it means, and a button that takes it off or puts it back.

import { make } from "./elements.js";
import { allow } from "./rights.js";

const MARKED = "A challenge was decided by it: it counts as the known-bad part, and as no defect.";
const TAKEN_OFF = "A challenge was decided by it, and somebody took its mark off: it counts as a defect. What came of the challenge proves nothing then: begin another.";

/** Elements for an incident; none where no challenge was decided by it. `say(known)` promises whether it was said what it is; `why` not, in words. */
export function markOf({ row, challenged }, why, say) {
  if (!challenged) return [];
  const marked = Boolean(row.challenge);
  const button = Object.assign(make("button", "", marked ? "No, a defect of the product" : "It was the known-bad part"), { type: "button" });
  button.dataset.marked = String(marked);
  button.addEventListener("click", async () => {
    button.disabled = true; // pressed twice, it would be on record twice
    button.disabled = await say(!marked);
  });
  allow([button], why);
  return [make("h3", "", "Challenge"), make("p", "", marked ? MARKED : TAKEN_OFF), button];
}

/** The button waits while something else is known of the mark than what is shown: it was said, and the answer is not shown yet. */
export function hold(root, known, why) {
  const button = root.querySelector("button");
  if (button) button.disabled = Boolean(why) || button.dataset.marked !== String(Boolean(known));
}
