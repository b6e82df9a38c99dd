// What one says of a frame: verdicts, a comment, pin, undo. Buttons for mouse and thumb; their keys stand on them.

import { make } from "./elements.js";
import { plain, moment, verdictOf } from "./review_words.js";
import { allow } from "./rights.js";

const LONGEST = 2000;

export class Bar {
  /** `verdicts` [[verdict, key]]; `does` {verdict(name), pin(), undo(), mark(), keys(), keep()}. */
  constructor({ verdicts, marksFirst }, does) {
    this.does = does;
    this.verdicts = new Map(verdicts.map(([name, key]) => [name, pressable(verdictOf(name).word, key, () => does.verdict(name), verdictOf(name).shape)]));
    for (const [name, made] of this.verdicts) made.dataset.verdict = name;
    this.pinning = pressable("Pin", "P", () => does.pin(), "◆");
    this.comment = Object.assign(make("textarea", "comment"), { rows: 1, maxLength: LONGEST, placeholder: "Comment (C)", ariaLabel: "Comment, goes with the next verdict" });
    this.comment.addEventListener("keydown", (event) => this.key(event));
    this.comment.addEventListener("input", () => this.grow());
    this.keeping = pressable("Keep", "", () => does.keep());
    this.keeping.title = "Keep comment and marks with the verdict that stands (Ctrl + Enter)";
    this.pace = make("p", "pace soft");
    this.told = make("p", "told");
    this.told.role = "status";
    this.root = make("div", "review-bar",
      make("div", "review-verdicts", ...this.verdicts.values()),
      make("div", "review-more", marksFirst ? null : pressable("Mark", "M", () => does.mark()), this.pinning, pressable("Undo", "Z", () => does.undo()), helping(() => does.keys())),
      make("div", "review-words", this.comment, this.keeping),
      make("div", "review-said", this.told, this.pace));
  }

  /** Shows how the frame stands: {verdict, saved, pinned}. */
  show({ verdict, pinned }) {
    for (const [name, made] of this.verdicts) made.ariaPressed = String(name === verdict);
    this.pinning.ariaPressed = String(Boolean(pinned));
  }

  /** Nothing can be said here, and why. */
  refuse(why) {
    allow([...this.root.querySelectorAll("button:not([data-help])"), this.comment], why);
    this.comment.placeholder = "";
    this.say(why);
  }

  key(event) {
    if (event.key === "Escape") this.comment.blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.does.keep();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  write(text) {
    this.comment.value = text;
    this.grow();
  }

  grow() {
    this.comment.style.height = "auto";
    this.comment.style.height = `${this.comment.scrollHeight + 2}px`;
  }

  say(text) {
    this.told.textContent = text;
  }
}

/** The reviews of a frame, the newest first: who, when, what; all of them stay on record. */
export function past(reviews) {
  if (!reviews.length) return make("p", "soft", "Nobody has reviewed it yet.");
  const now = new Date();
  return make("ol", "past", ...reviews.map((one) => {
    const { word, shape } = verdictOf(one.verdict);
    const boxes = one.boxes?.length ? `${one.boxes.length} marked` : "";
    const head = make("p", "", make("strong", "", `${shape} ${word}`), " · ", make("bdi", "", plain(one.who)), ` · ${moment(one.utc_ns, now)}`, boxes ? ` · ${boxes}` : null);
    return make("li", "", head, one.comment ? Object.assign(make("p", "past-comment", plain(one.comment)), { dir: "auto" }) : null);
  }));
}

function helping(pressed) {
  const made = pressable("Keys", "?", pressed);
  made.dataset.help = "";
  return made;
}

function pressable(word, key, pressed, shape = "") {
  const made = make("button", "", shape ? make("span", "shape-sign", shape) : null, make("span", "", word), key ? make("kbd", "", key) : null);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}
