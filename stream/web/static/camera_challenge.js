// Challenges of one camera: what came of the last ones, and a way to begin one. docs/challenge.md says what they prove.

import { make, write } from "./elements.js";
import { get, post } from "./review_calls.js";
import { moment, plain } from "./review_words.js";
import { allow, lacking } from "./rights.js";
import { named } from "./who.js";

const AGAIN_MS = 15_000;
const SOON_MS = 1_000; // while one is open
const SHOWN = 3;
const SHAPES = { caught: "●", missed: "✕", undecided: "▲", refused: "■", open: "○" };
const STATES = { caught: "GOOD", missed: "BAD", undecided: "UNKNOWN" }; // whose colours a result has

export class Challenges {
  constructor(root, camera) {
    Object.assign(this, { camera, begun: "", due: null });
    this.list = make("ol", "challenges");
    this.none = make("p", "soft", "None yet.");
    this.said = make("p", "told");
    this.said.role = "status";
    this.button = make("button", "", "Challenge…");
    this.button.type = "button";
    this.button.addEventListener("click", () => this.ask());
    root.replaceChildren(make("h2", "", "Challenges"), this.list, this.none, this.said, this.button);
    lacking("operator").then((why) => {
      allow([this.button], why);
      if (why) write(this.said, why);
    });
    this.look();
  }

  /** What came of the last ones, again and again. */
  async look() {
    clearTimeout(this.due);
    const { ok, body } = await get("/api/challenges", { camera: this.camera, limit: SHOWN });
    const rows = ok ? body.challenges : [];
    if (ok) this.show(rows);
    this.due = setTimeout(() => this.look(), rows.some(({ result }) => result === "open") ? SOON_MS : AGAIN_MS);
  }

  show(rows) {
    this.none.hidden = rows.length > 0;
    const words = JSON.stringify(rows);
    if (this.shown !== words) this.list.replaceChildren(...rows.map(row));
    this.shown = words;
    const mine = rows.find(({ id }) => id === this.begun);
    if (!mine) return;
    write(this.said, mine.result === "open" ? "It is under way…" : `${mine.result.toUpperCase()}: ${plain(mine.said)}`);
    if (mine.result !== "open") this.begun = "";
  }

  ask() {
    const { dialog, form } = asking(this.camera);
    document.body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    form.addEventListener("submit", () => this.begin({
      what: form.elements.what.value,
      part: form.elements.what.value === "part" ? form.elements.part.value.trim() : "",
      within_s: Number(form.elements.within.value),
    }));
    dialog.showModal();
  }

  async begin(wish) {
    if (!(await named())) return;
    this.begun = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.button.disabled = true;
    write(this.said, "It is asked for…");
    const { ok, error } = await post(`/api/challenge/${this.camera}`, wish, this.begun);
    this.button.disabled = false;
    if (!ok) write(this.said, `Not begun: ${error}`);
    await this.look();
  }
}

function row({ utc_ns: at, what, name, result, said, who, taken_off_by: off }) {
  const chip = make("span", "chip", `${SHAPES[result] ?? ""} ${result}`);
  chip.dataset.result = result;
  if (STATES[result]) chip.dataset.tone = STATES[result];
  const line = make("p", "", chip, " ", make("span", "soft", moment(at, new Date())), " ", make("bdi", "soft", plain(who)));
  const but = off ? ` ${plain(off)} says that it was no known-bad part, but a defect: begin another.` : "";
  return make("li", "", line, make("p", "", `${what}${name ? ` ${plain(name)}` : ""}: ${plain(said)}.${but}`));
}

/** The question what shall be caught; nothing begins before its own button is pressed. */
function asking(camera) {
  const choice = (value, word, more, checked) => {
    const radio = Object.assign(make("input"), { type: "radio", name: "what", value, checked });
    return make("label", "choose", radio, make("span", "", make("strong", "", word), make("span", "soft", more)));
  };
  const part = Object.assign(make("input"), { name: "part", maxLength: 64, autocomplete: "off" });
  const within = Object.assign(make("input"), { name: "within", type: "number", min: 1, max: 86_400, value: 60, required: true });
  const fields = make("div", "choose-more", make("label", "field", "Its name, where parts are announced", part), make("label", "field", "It comes within, s", within));
  const begin = Object.assign(make("button", "primary", "Begin"), { type: "submit" });
  const leave = Object.assign(make("button", "", "Not now"), { type: "button" });
  const form = make("form", "who-form",
    make("h2", "", `Challenge ${camera}`),
    make("p", "soft", "Something that is known to be bad must be caught. That it was begun, by whom, and what came of it go on record; a miss is an alarm."),
    choice("picture", "A stored picture", "goes through the whole line, and counts as no product.", true),
    choice("part", "A known-bad part", "that you lay on the line: the next part, or the next incident that begins, counts as no defect. Let nothing else run meanwhile.", false),
    fields,
    make("div", "ends", leave, begin));
  form.method = "dialog";
  const show = () => { fields.hidden = form.elements.what.value !== "part"; };
  form.addEventListener("change", show);
  show();
  const dialog = make("dialog", "dialog", form);
  dialog.ariaLabel = `Challenge ${camera}`;
  leave.addEventListener("click", () => dialog.close());
  return { dialog, form };
}
