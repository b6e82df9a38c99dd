// One frame, large: what it is called, its picture, what is on record, what people said of it.

import { make } from "./elements.js";
import { standing } from "./evidence_boxes.js";
import { record } from "./evidence_facts.js";
import { past } from "./review_bar.js";
import { hold, markOf } from "./review_challenge.js";
import { chip } from "./review_tile.js";
import { plain } from "./review_words.js";
import { number } from "./rules.js";

export class One {
  /** `look` and `bar` are shown in it; `does` {step(by), close(), knownBad(on)}. */
  constructor(root, look, bar, does) {
    Object.assign(this, { root, look, bar, does, why: "" }); // why nothing may be said here, in words
    this.title = Object.assign(make("h1"), { tabIndex: -1 });
    this.state = make("span", "one-state");
    this.error = Object.assign(make("p", "wrong"), { hidden: true });
    this.past = make("div", "one-past");
    this.mark = make("div", "one-mark");
    this.facts = make("div", "one-record");
    const facts = Object.assign(make("div", "one-facts", this.error, this.mark, make("h3", "", "Reviews"), this.past, this.facts), { tabIndex: 0, role: "region", ariaLabel: "On record" });
    root.replaceChildren(
      make("header", "one-top", make("div", "one-name", this.title, this.state), make("nav", "near",
        pressed("‹", "Newer (K)", () => does.step(-1)), pressed("›", "Older (J)", () => does.step(1)), pressed("✕", "Close (Escape)", () => does.close()))),
      make("div", "one-body", look.root, facts), bar.root);
  }

  /** Shows a frame at once by what is known; `row` may be null. */
  open(frame, row) {
    this.name(frame);
    this.error.hidden = true;
    this.facts.replaceChildren(...(row ? record(row, null) : []));
    this.past.replaceChildren();
    this.mark.replaceChildren();
    this.mark.said = "";
    this.look.show({ folder: null });
    this.look.say("…");
  }

  name({ camera, seq }) {
    this.title.replaceChildren(make("bdi", "", plain(camera)), ` · #${number(seq)}`);
  }

  /** Shows all that belongs to it: {row, found, folder, clip, seq, reviews, said}. */
  fill(one) {
    this.name({ camera: one.row.camera, seq: one.seq });
    this.look.show({ ...one, past: standing(one) });
    if (one.folder && !one.found) this.look.say("Its picture is not here any more: it gave way to a worse frame, or to newer pictures.");
    this.facts.replaceChildren(...record(one.row, one.found));
    this.said(one);
  }

  /** How it stands by now: {verdict, saved, error, known}. */
  stands({ verdict, saved, error, known }) {
    this.state.replaceChildren(chip(verdict, saved, error));
    hold(this.mark, known, this.why);
  }

  /** What people have said of it by now. */
  said(one) {
    const stands = JSON.stringify([one.challenged, one.row.challenge, this.why]);
    if (this.mark.said !== stands) this.mark.replaceChildren(...markOf(one, this.why, this.does.knownBad)); // else its button would lose the focus
    this.mark.said = stands;
    this.past.replaceChildren(past(one.reviews));
    this.look.remember(one, standing(one));
  }

  fail(text) {
    this.error.textContent = text;
    this.error.hidden = false;
    this.look.say("");
  }
}

function pressed(sign, said, does) {
  const made = Object.assign(make("button", "icon", sign), { type: "button", title: said, ariaLabel: said });
  made.addEventListener("click", does);
  return made;
}
