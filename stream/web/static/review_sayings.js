// What one has said here: how each row stands by it, until the line has it; what can be taken back; how fast one is.

import { Saving } from "./review_saving.js";
import { pace } from "./review_pace.js";
import { named, nameHere, recorded } from "./who.js";

export const WITHDRAWN = "withdrawn"; // a review that takes the one before back; both stay on record

export class Sayings {
  /** `kind` as in review_desk.js; `changed(item, answer)` is told when something was said, saved or refused. */
  constructor(kind, send, banner, changed) {
    Object.assign(this, { kind, changed, done: [], times: [] });
    this.saving = new Saving(send, (item, answer) => {
      banner.show(this.saving);
      changed(item, answer);
    }, recorded);
    banner.show(this.saving);
  }

  /** How a row stands: by what was said here last, else by the log. */
  said(row) {
    const { saving, kind } = this;
    const mine = saving.items.filter((item) => item.about.api === kind.api && kind.holds(row, item.about.frame) && !saving.foreign(item));
    const review = mine.findLast(({ about }) => about.what === "review");
    const pin = mine.findLast(({ about }) => about.what === "pin");
    const known = mine.findLast(({ about }) => about.what === "known_bad");
    return {
      verdict: review ? verdictOf(review.body.verdict) : row.review ?? "",
      boxes: review?.body.boxes,
      known: known ? known.body.known_bad : Boolean(row.challenge),
      pinned: pin ? pin.body.pinned : Boolean(row.pinned),
      saved: !review && !pin,
      error: mine.find(({ error }) => error)?.error ?? "",
    };
  }

  /** Says what a row is; `marks` stood in it before. False where the person would not give a name. */
  async review(row, words, marks) {
    if (!(await named())) return false;
    const before = this.said(row).verdict;
    this.times.push(Date.now());
    this.done.push({ row, before, marks, item: this.tell(row, "review", words) });
    return true;
  }

  async pin(row) {
    if (!(await named())) return false;
    this.tell(row, "pin", { pinned: !this.said(row).pinned });
    return true;
  }

  /** Whether what a challenge was decided by was the known-bad part. False where the person would not give a name. */
  async knownBad(row, on) {
    if (!(await named())) return false;
    this.tell(row, "known_bad", { known_bad: on });
    return true;
  }

  tell(row, what, body) {
    const frame = this.kind.frame(row);
    const path = `${this.kind.api}/${frame.camera}/${frame.run}/${frame.seq}/${what}`;
    return this.saving.add(path, body, { api: this.kind.api, frame, what }, nameHere());
  }

  /** Takes the last verdict back by a new one, for the record keeps all; gives its row, or undefined. */
  undo() {
    const last = this.done.pop();
    if (!last) return undefined;
    this.times.pop();
    if (!this.saving.drop(last.item)) this.tell(last.row, "review", { verdict: last.before || WITHDRAWN, comment: "", boxes: last.before ? last.marks : [] });
    return last.row;
  }

  get pace() {
    return pace(this.times);
  }
}

/** The state that a review leaves. */
export function verdictOf(verdict) {
  return verdict === WITHDRAWN ? "" : verdict;
}
