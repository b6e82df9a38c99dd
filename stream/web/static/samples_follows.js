// What follows from the reviews of samples: how many defects are likely to have escaped, and where a threshold would stand.

import { make } from "./elements.js";
import { get } from "./review_calls.js";
import { plain } from "./review_words.js";
import { counted } from "./rules.js";

/** Says it in a line for each camera above the list; nothing where the line does not know. */
export async function follows(root, camera) {
  const { ok, body } = await get("/api/proposal", { camera });
  const said = ok ? body.proposals.map(words).filter(Boolean) : [];
  root.replaceChildren(...said);
  root.hidden = !said.length;
}

function words({ camera, proposal: one }) {
  if (!one.samples && !one.incidents) return null;
  const reviewed = `${counted(one.samples, "sample")} and ${counted(one.incidents, "incident")} reviewed`;
  const name = make("bdi", "", plain(camera));
  const now = one.candidates.find(({ threshold }) => threshold === one.in_force);
  const line = [make("strong", "", name), `: ${reviewed}.`];
  if (now) line.push(` Of 1,000 frames, at the threshold in force (${one.in_force}): defects that escape ${estimate(now.escapes)}, false alarms ${estimate(now.false_alarms)}.`);
  if (one.proposed !== null && one.proposed !== one.in_force) {
    const then = one.candidates.find(({ threshold }) => threshold === one.proposed);
    line.push(` Proposed: ${one.proposed}${then ? `: ${estimate(then.escapes)} and ${estimate(then.false_alarms)}` : ""}.`);
  }
  if (one.unknown.length) line.push(...one.unknown.map((said) => ` ${plain(said[0].toUpperCase() + said.slice(1))}.`));
  return make("li", "", ...line);
}

/** A figure with the interval it lies in. */
function estimate({ value, low, high }) {
  const short = (of) => (of >= 10 ? of.toFixed(0) : of >= 1 ? of.toFixed(1) : of.toFixed(2));
  if (value === null && high === null) return "not known yet";
  const about = value === null ? "" : `about ${short(value)}, `;
  return `${about}${high === null ? `at least ${short(low)}` : `between ${short(low)} and ${short(high)}`}`;
}
