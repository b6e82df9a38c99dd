// What a reviewer says at a desk: a verdict and on to the next, marks and comments, and taking it back.

import { standing } from "./evidence_boxes.js";
import { hashOf } from "./review_filters.js";
import { verdictOf } from "./review_words.js";

export class Judging {
  constructor(desk) {
    this.desk = desk;
  }

  /** What a verdict's key does: where marks belong to it, the first press begins to mark. */
  pressed(verdict) {
    const { kind, look, bar, open } = this.desk;
    const marks = kind.marksFirst && verdict === kind.marking && open;
    if (!marks || look.marks.drawing) return this.say(verdict);
    look.mark(true);
    bar.say("Draw boxes around what was missed, then Enter, or “missed” once more.");
  }

  /** A verdict on the frame that is open or chosen, then on to the next that nobody has reviewed. */
  async say(verdict) {
    const { kind, look, bar, open, drafts, sayings, subject } = this.desk;
    if (!subject) return;
    const boxes = open ? look.marks.boxes : [];
    if (boxes.length && verdict !== kind.marking) return bar.say(`What is marked goes with “${verdictOf(kind.marking).word}”: Enter says so, Delete takes a mark away.`);
    const before = await this.marked(subject);
    if (!before) return bar.say("The line does not say what is marked in it: open it, or try again.");
    const again = verdict === sayings.said(subject).verdict; // then its marks stand
    const words = { verdict, comment: open ? bar.comment.value.trim() : "", boxes: boxes.length || !again ? boxes : before };
    if (!(await sayings.review(subject, words, before))) return;
    drafts.delete(hashOf(kind.frame(subject)));
    bar.write("");
    bar.say("");
    look.marks.take([]);
    look.mark(false);
    await this.on(subject);
  }

  /** The marks that stand in it, also where it is not open; null where the line does not say. */
  async marked(row) {
    const { kind, look, open, sayings } = this.desk;
    if (open) return look.stage.past || [];
    const { verdict, boxes } = sayings.said(row);
    if (boxes || !verdict) return boxes ?? [];
    const one = await kind.one(kind.frame(row), {});
    return one.ok ? standing(one) : null;
  }

  async on(row) {
    const { kind, found, bar } = this.desk;
    const next = await found.unreviewed(row);
    if (!next) return bar.say("All that fit are reviewed.");
    if (this.desk.subject && kind.key(this.desk.subject) === kind.key(row)) this.to(next); // else gone elsewhere meanwhile
  }

  /** Keeps comment and marks: with marks as what they say, else with the verdict that stands. */
  keep() {
    const { kind, look, bar, sayings, subject } = this.desk;
    const stands = subject && sayings.said(subject).verdict;
    if (look.marks.boxes.length || (kind.marksFirst && look.marks.drawing)) return this.say(kind.marking);
    if (!bar.comment.value.trim()) return;
    if (!stands) return bar.say("Say what it is, too: the comment goes with a verdict.");
    bar.comment.blur();
    this.say(stands);
  }

  undo() {
    const row = this.desk.sayings.undo();
    if (!row) return this.desk.bar.say("Nothing to take back.");
    this.to(row);
    this.desk.stands();
  }

  to(row) {
    const { kind, found, open, search } = this.desk;
    if (open) this.desk.goTo(search, hashOf(kind.frame(row)), true);
    else found.choose(row, true);
  }
}
