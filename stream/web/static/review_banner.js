// Says what is not saved, and does not go away before it is.

import { make } from "./elements.js";
import { plain } from "./review_words.js";

export class Banner {
  constructor(root) {
    this.root = root;
    this.text = make("span");
    this.again = Object.assign(make("button", "", "Say it again now"), { type: "button" });
    this.discard = Object.assign(make("button", "", "Give up on what was refused"), { type: "button" });
    root.replaceChildren(this.text, this.again, this.discard);
    root.setAttribute("role", "alert");
    this.again.addEventListener("click", () => this.saving.again());
    this.discard.addEventListener("click", () => this.saving.discard());
  }

  show(saving) {
    this.saving = saving;
    const { unsaved, others } = saving;
    this.root.hidden = !unsaved.length && !others.length;
    this.again.hidden = !unsaved.length;
    this.discard.hidden = !unsaved.some(({ stopped }) => stopped);
    const text = [words(unsaved), waiting(others)].filter(Boolean).join(" ");
    if (this.text.textContent !== text) this.text.textContent = text;
  }
}

function words(unsaved) {
  if (!unsaved.length) return "";
  const refused = unsaved.filter(({ stopped }) => stopped);
  const one = (refused[0] ?? unsaved[0]).error;
  const count = unsaved.length === 1 ? "1 review is NOT SAVED" : `${unsaved.length} reviews are NOT SAVED`;
  const then = refused.length ? "Refused" : "Kept in this browser and said again";
  return `${count}: ${plain(one)}. ${then}.`;
}

/** Whose reviews wait for them here. Pure. */
export function waiting(others) {
  const names = [...new Set(others.map(({ by }) => by || ""))];
  return names.map((name) => {
    const count = others.filter(({ by }) => (by || "") === name).length;
    const what = count === 1 ? "1 review" : `${count} reviews`;
    const then = name ? "sent when they review here again" : "sent under no other name";
    return `${what} by ${name ? plain(name) : "somebody without a name"} NOT SAVED: kept in this browser, ${then}.`;
  }).join(" ");
}
