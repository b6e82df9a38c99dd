// The picture of one frame with what one looks at it by: which layer, how much of the mask, how near, marks, the film.

import { Clip } from "./evidence_clip.js";
import { Marks } from "./evidence_marks.js";
import { Stage, VIEWS } from "./evidence_stage.js";
import { make } from "./elements.js";

const AS_JUDGED = "frame.jpg"; // where the picture travelled as JPEG: the very bytes that were judged
const SIGNS = { overlay: "Overlay", original: "Original", mask: "Mask", clip: "Film" };
const PAN = 0.2;

export class Look {
  /** `filmed`: whether there are films; `marked()` is told when marks have changed. */
  constructor({ filmed, marked }) {
    this.frame = make("div", "stage");
    this.missing = make("p", "stage-missing");
    this.missing.hidden = true;
    this.film = make("div", "clip");
    this.film.hidden = true;
    this.tools = make("div", "look-tools");
    this.root = make("div", "look", this.tools, make("div", "look-screen", this.frame, this.missing, this.film));
    this.stage = new Stage(this.frame, () => this.say("The picture cannot be loaded."));
    this.marks = new Marks(this.stage, marked);
    this.clip = filmed ? new Clip(this.film) : null;
    this.fill(filmed ? [...VIEWS, "clip"] : VIEWS);
  }

  fill(views) {
    const choice = make("fieldset", "choice", make("legend", "unseen", "Show"), ...views.map((view, index) => {
      const radio = Object.assign(make("input"), { type: "radio", name: "view", value: view, checked: !index });
      return make("label", "", radio, make("span", "", SIGNS[view]));
    }));
    choice.addEventListener("change", ({ target }) => this.choose(target.value));
    this.veil = Object.assign(make("input"), { type: "range", min: "0", max: "100", value: "50" });
    this.veil.addEventListener("input", () => this.stage.veil(Number(this.veil.value) / 100));
    this.marking = button("Mark", "Mark what was missed, by drawing boxes (M)", () => this.mark());
    this.marking.ariaPressed = "false";
    this.marking.className = "mark-begin";
    this.adding = button("+ box", "Put a box into the middle, for the arrow keys", () => this.marks.add());
    this.taking = button("− box", "Take the chosen box away (Delete)", () => this.marks.remove());
    const near = [button("−", "Further (−)", () => this.stage.further()), button("+", "Nearer (+)", () => this.stage.nearer()), button("⤢", "Whole picture, or the defects large (0)", () => this.stage.fit())];
    for (const one of near) one.className = "icon";
    this.tools.append(choice, make("label", "veil", make("span", "", "Mask"), this.veil), make("span", "near", ...near), make("span", "near", this.marking, this.adding, this.taking));
    this.mark(false);
  }

  /** Shows what lies in `folder` of a frame {seq, found (evidence.json or null), defects, past, said}; nothing where it is null. */
  show({ folder, found, past, clip, seq, said }) {
    this.say(folder ? "" : "There is no picture of this one.");
    this.marks.take([]);
    this.stage.past = []; // those of the one before are none of this
    if (!folder || !found?.width) this.stage.clear();
    else {
      const original = found.files_sha256?.[AS_JUDGED] ? AS_JUDGED : "frame.png";
      const mask = found.files_sha256?.["mask.png"] ? `${folder}/mask.png` : null;
      this.stage.show({ original: `${folder}/${original}`, mask, size: [found.width, found.height], defects: found.defects, past, said });
    }
    this.film.wanted = [clip, seq];
    this.choose(this.chosen);
  }

  /** What may change while one looks: the marks that stand, and the film, which comes some seconds after the incident. */
  remember({ clip, seq }, past) {
    this.stage.past = past;
    this.stage.look();
    const before = this.film.wanted?.[0];
    this.film.wanted = [clip, seq];
    if (clip && !before && this.chosen === "clip") this.clip?.show(clip, seq);
  }

  get chosen() {
    return this.tools.querySelector("input[name=view]:checked").value;
  }

  choose(view) {
    const radio = this.tools.querySelector(`input[value="${view}"]`);
    if (!radio) return;
    radio.checked = true;
    const filmed = view === "clip";
    if (filmed) this.mark(false);
    else this.stage.choose(view);
    this.film.hidden = !filmed;
    this.frame.hidden = filmed;
    this.root.dataset.view = view;
    this.clip?.show(...(filmed && this.film.wanted ? this.film.wanted : [null, -1]));
    this.hint();
  }

  /** Begins or ends marking. */
  mark(on = !this.marks.drawing) {
    if (on && this.chosen === "clip") this.choose("original");
    this.marks.draws(on);
    this.marking.ariaPressed = String(on);
    for (const one of [this.adding, this.taking]) one.hidden = !on;
    if (on) this.stage.svg.focus({ preventScroll: true });
  }

  /** Moves what is seen where it is zoomed. */
  pan({ key }) {
    const [dx, dy] = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] }[key];
    this.stage.pan(dx, dy);
  }

  say(text) {
    this.missing.textContent = text;
    this.hint();
  }

  hint() {
    this.missing.hidden = !this.missing.textContent || this.chosen === "clip";
  }
}

function button(sign, said, pressed) {
  const made = Object.assign(make("button", "", sign), { type: "button", title: said, ariaLabel: said });
  made.addEventListener("click", pressed);
  return made;
}
