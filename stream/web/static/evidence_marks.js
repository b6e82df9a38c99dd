// Defects that a person marks in the picture: boxes drawn with mouse, finger or keys, moved, pulled, taken away.

import { between, cornersOf, LEAST_PX, middle, MOST, moved, pulled } from "./evidence_boxes.js";
import { svg } from "./evidence_stage.js";

const HANDLE_PX = 7; // on the screen; what a finger can take is larger
const GRIP_PX = 18;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10; // pixels an arrow moves with Shift

export class Marks {
  /** `changed()` is told when boxes have changed. */
  constructor(stage, changed) {
    Object.assign(this, { stage, changed, boxes: [], chosen: -1, drawing: false, draft: null, drag: null });
    stage.marks = this;
    stage.svg.addEventListener("keydown", (event) => this.key(event));
  }

  /** Begins with these boxes. */
  take(boxes) {
    Object.assign(this, { boxes: boxes.map((box) => [...box]), chosen: -1, draft: null, drag: null });
    this.draw();
  }

  draws(on) {
    this.drawing = on;
    this.stage.svg.toggleAttribute("data-marking", on);
    this.cancel();
  }

  cancel() {
    Object.assign(this, { draft: null, drag: null });
    this.draw();
  }

  /** Puts a box into the middle of what is seen, for the keys to move. */
  add(box = middle(this.stage.view, this.stage.size)) {
    if (this.boxes.length >= MOST) return;
    this.boxes.push(box);
    this.chosen = this.boxes.length - 1;
    this.draw();
    this.focus();
    this.changed();
  }

  focus() {
    this.stage.marked.querySelector(`[data-index="${this.chosen}"]`)?.focus();
  }

  /** True where the pointer is the marks' and not the picture's. */
  down(event) {
    if (!this.drawing) return false;
    const box = event.target.closest?.(".mark");
    const at = this.stage.place(event);
    this.stage.svg.setPointerCapture(event.pointerId);
    if (box) {
      this.chosen = Number(box.dataset.index);
      this.drag = { corner: Number(event.target.dataset.corner ?? -1), from: at, before: this.boxes[this.chosen] };
    } else this.draft = [at, at];
    this.draw();
    return true;
  }

  move(event) {
    const { size } = this.stage;
    const at = this.stage.place(event);
    if (this.draft) this.draft = [this.draft[0], at];
    else if (this.drag) {
      const { corner, from, before } = this.drag;
      this.boxes[this.chosen] = corner < 0 ? moved(before, at[0] - from[0], at[1] - from[1], size) : pulled(before, corner, at, size);
    } else return false;
    this.draw();
    return true;
  }

  up() {
    const { draft, drag } = this;
    Object.assign(this, { draft: null, drag: null });
    if (draft && draft[0].every((value, axis) => Math.abs(value - draft[1][axis]) >= LEAST_PX)) this.add(between(...draft, this.stage.size));
    else if (draft) this.chosen = -1;
    this.draw();
    if (!drag) return;
    this.focus();
    this.changed();
  }

  key(event) {
    const box = event.target.closest?.(".mark");
    if (!box) return;
    this.chosen = Number(box.dataset.index);
    const step = ARROWS[event.key]?.map((value) => value * (event.shiftKey ? FAR : 1));
    if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else if (step) this.nudge(step, event.altKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  nudge([dx, dy], pull) {
    const { size } = this.stage;
    const box = this.boxes[this.chosen];
    this.boxes[this.chosen] = pull ? pulled(box, 2, [box[2] + dx, box[3] + dy], size) : moved(box, dx, dy, size);
    this.draw();
    this.focus();
    this.changed();
  }

  remove() {
    if (this.chosen < 0) return;
    this.boxes.splice(this.chosen, 1);
    this.chosen = Math.min(this.chosen, this.boxes.length - 1);
    this.draw();
    if (this.chosen < 0) this.stage.svg.focus();
    else this.focus();
    this.changed();
  }

  draw() {
    const { marked, size } = this.stage;
    const focused = marked.contains(document.activeElement) ? document.activeElement.dataset.index : undefined;
    const boxes = this.boxes.map((box, index) => this.drawn(box, index));
    if (this.draft) boxes.push(rect(between(...this.draft, size), { class: "mark-body draft" }));
    marked.replaceChildren(...boxes);
    if (focused !== undefined) marked.querySelector(`[data-index="${focused}"]`)?.focus();
  }

  drawn(box, index) {
    const chosen = index === this.chosen;
    const group = svg("g", { class: chosen ? "mark chosen" : "mark", tabindex: 0, role: "button", "data-index": index, "aria-label": `marked defect ${index + 1}: ${box.join(", ")} px` });
    group.append(rect(box, { class: "mark-halo" }), rect(box, { class: "mark-body" }));
    if (!chosen || !this.drawing) return group;
    const unit = this.stage.unit;
    cornersOf(box).forEach(([cx, cy], corner) => {
      group.append(svg("circle", { class: "mark-grip", cx, cy, r: GRIP_PX * unit, "data-corner": corner }));
      group.append(svg("circle", { class: "mark-handle", cx, cy, r: HANDLE_PX * unit, "data-corner": corner }));
    });
    return group;
  }
}

function rect([x0, y0, x1, y1], attributes) {
  return svg("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, ...attributes });
}
