// The picture that was judged, large: original, mask or both, zoomed and moved. What is drawn over it lies in its pixels.

import { around, isWhole, shifted, whole, zoomed } from "./evidence_view.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 1.5; // a press of + or −
const BESIDE_PX = 3; // on the screen
const LABELLED_PX = 20;
const CRISP_AT = 3; // screen pixels a pixel: from here on pixels are shown as squares
export const VIEWS = ["overlay", "original", "mask"];

export class Stage {
  /** `root` gets the drawing; `failed()` is told where the picture is not there. */
  constructor(root, failed) {
    Object.assign(this, { root, failed, size: [16, 9], view: whole([16, 9]), chosen: "overlay", opacity: 0.5, marks: null, fingers: new Map() });
    this.svg = svg("svg", { class: "stage-drawing", role: "group", tabindex: 0 });
    this.over = svg("g", { class: "stage-over" });
    this.marked = svg("g", { class: "stage-marks" });
    this.pictures = svg("g", {});
    this.svg.append(this.pictures, this.over, this.marked);
    root.append(this.svg);
    this.svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) this.svg.addEventListener(kind, (event) => this[kind](event));
    new ResizeObserver(() => this.look()).observe(this.svg);
  }

  /** Shows a frame: {original, mask} are addresses, `size` [width, height] px, `defects` [{box, kind, score}], `past` boxes. */
  show({ original, mask, size, defects, past, said }) {
    Object.assign(this, { size, defects, past });
    this.view = whole(size);
    this.svg.ariaLabel = said;
    this.pictures.replaceChildren(...this.layers(original, mask));
    this.look();
  }

  layers(original, mask) {
    const [width, height] = this.size;
    const layer = (href, name) => svg("image", { href, width, height, class: name, preserveAspectRatio: "none" });
    const picture = layer(original, "of-original");
    picture.addEventListener("load", () => this.svg.setAttribute("data-loaded", original));
    picture.addEventListener("error", () => this.failed());
    if (!mask) return [picture];
    const shape = svg("mask", { id: "stage-mask" });
    shape.append(layer(mask, ""));
    return [picture, layer(mask, "of-mask"), shape, svg("rect", { width, height, class: "of-overlay", mask: "url(#stage-mask)" })];
  }

  clear() {
    this.pictures.replaceChildren();
    this.over.replaceChildren();
    this.svg.removeAttribute("data-loaded");
  }

  choose(view) {
    this.chosen = view;
    this.look();
  }

  /** How much of the mask is seen over the picture, 0 to 1. */
  veil(opacity) {
    this.opacity = opacity;
    this.look();
  }

  look() {
    const { x, y, w, h } = this.view;
    this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
    this.svg.dataset.view = this.chosen;
    this.svg.toggleAttribute("data-whole", isWhole(this.view, this.size));
    this.svg.toggleAttribute("data-crisp", 1 / this.unit >= CRISP_AT);
    this.pictures.querySelector(".of-overlay")?.setAttribute("opacity", this.opacity);
    this.over.replaceChildren(...(this.chosen === "overlay" ? (this.defects ?? []).map((one, at) => this.framed(one.box, `${at + 1}`, "defect")) : []),
      ...(this.past ?? []).map((box) => this.framed(box, "", "past")));
    this.marks?.draw();
  }

  /** A frame around a box, beside it by a little: what is in it stays free. A number where there is room for one. */
  framed([x0, y0, x1, y1], text, name) {
    const { unit } = this;
    const off = name === "past" ? 0 : BESIDE_PX * unit;
    const group = svg("g", { class: name });
    group.append(svg("rect", { x: x0 - off, y: y0 - off, width: x1 - x0 + 2 * off, height: y1 - y0 + 2 * off }));
    if (!text || x1 - x0 < LABELLED_PX * unit) return group;
    const letters = 14 * unit;
    const label = svg("text", { x: x0 - off, y: Math.max(letters, y0 - off - letters / 3), "font-size": letters, "stroke-width": letters / 4 });
    label.textContent = text;
    group.append(label);
    return group;
  }

  /** Pixels of the picture per pixel of the screen. */
  get unit() {
    return 1 / (this.svg.getScreenCTM()?.a || 1);
  }

  /** The point of the picture under the pointer. */
  place({ clientX, clientY }) {
    const ctm = this.svg.getScreenCTM();
    const { x, y } = ctm ? new DOMPoint(clientX, clientY).matrixTransform(ctm.inverse()) : { x: 0, y: 0 };
    return [x, y];
  }

  zoom(factor, at = [this.view.x + this.view.w / 2, this.view.y + this.view.h / 2]) {
    this.view = zoomed(this.view, factor, at, this.size);
    this.look();
  }

  nearer() {
    this.zoom(STEP);
  }

  further() {
    this.zoom(1 / STEP);
  }

  /** The whole picture; where it is seen whole already, the defects large. */
  fit() {
    const boxes = [...(this.defects ?? []).map(({ box }) => box), ...(this.past ?? [])];
    this.view = isWhole(this.view, this.size) && boxes.length ? around(boxes, this.size) : whole(this.size);
    this.look();
  }

  /** Moves what is seen by shares of the screen. */
  pan(dx, dy) {
    this.view = shifted(this.view, dx * this.view.w, dy * this.view.h, this.size);
    this.look();
  }

  wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) / 300), this.place(event));
  }

  pointerdown(event) {
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) this.marks?.cancel();
    else if (event.button === 0 && this.marks?.down(event)) return;
    this.svg.setPointerCapture(event.pointerId);
  }

  pointermove(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    if (this.fingers.size === 2) this.pinch(before, event);
    else if (!this.marks?.move(event)) this.drag(before, event);
    this.fingers.set(event.pointerId, event);
  }

  pointerup(event) {
    this.fingers.delete(event.pointerId);
    this.marks?.up(event);
  }

  pointercancel(event) {
    this.fingers.delete(event.pointerId);
    this.marks?.cancel();
  }

  drag(before, event) {
    const unit = this.unit;
    this.view = shifted(this.view, (before.clientX - event.clientX) * unit, (before.clientY - event.clientY) * unit, this.size);
    this.look();
  }

  pinch(before, event) {
    const other = [...this.fingers.values()].find((one) => one.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.zoom(apart(event) / apart(before), this.place(other));
  }
}

export function svg(name, attributes) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  return one;
}
