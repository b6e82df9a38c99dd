// The picture with the regions over it: draws them, and tells what the mouse and the keys do to them.

import { between, cornersOf, inPicture, kindOf, LEAST_PX, made, moved, pulled, rectangleOf, starts } from "./region_shapes.js";

const SVG = "http://www.w3.org/2000/svg";
const HANDLE_PX = 6; // on the screen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10; // pixels an arrow moves with Shift

export class Stage {
  /** `model`: regions, chosen, size, said(index); `tell`: what is done when something has changed. */
  constructor(root, model, tell) {
    this.root = root;
    this.svg = root.querySelector("svg");
    this.model = model;
    this.tell = tell;
    this.tool = "";
    this.draft = []; // corners so far
    this.drag = null;
    this.svg.addEventListener("pointerdown", (event) => this.down(event));
    this.svg.addEventListener("pointermove", (event) => this.move(event));
    this.svg.addEventListener("pointerup", (event) => this.up(event));
    this.svg.addEventListener("pointercancel", () => this.cancel());
    this.svg.addEventListener("dblclick", () => this.close());
    window.addEventListener("keydown", (event) => this.key(event));
  }

  take(tool) {
    this.tool = this.tool === tool ? "" : tool;
    this.cancel();
  }

  cancel() {
    this.draft = [];
    this.drag = null;
    this.draw();
  }

  place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return inPicture([point.x, point.y], this.model.size);
  }

  /** Pixels of the picture per pixel of the screen. */
  get unit() {
    return 1 / (this.svg.getScreenCTM()?.a || 1);
  }

  down(event) {
    if (event.button !== 0) return;
    const at = this.place(event);
    if (this.tool === "polygon") return this.corner(at);
    this.svg.setPointerCapture(event.pointerId);
    if (this.tool) {
      this.draft = [at, at];
      return;
    }
    const [index, corner] = this.under(event.target);
    this.model.chosen = index;
    if (index >= 0) this.drag = { index, corner, from: at, before: this.model.regions[index] };
    this.tell("chosen");
  }

  move(event) {
    const at = this.place(event);
    if (this.tool && this.draft.length) {
      this.draft = this.tool === "polygon" ? [...this.draft.slice(0, -1), at] : [this.draft[0], at];
      return this.draw();
    }
    if (!this.drag) return;
    const { index, corner, from, before } = this.drag;
    const { size } = this.model;
    this.model.regions[index] = corner >= 0 ? pulled(before, corner, at, size) : moved(before, at[0] - from[0], at[1] - from[1], size);
    this.tell("moved");
  }

  up() {
    if (this.drag) {
      this.drag = null;
      return this.tell("changed");
    }
    if (!this.tool || this.tool === "polygon" || this.draft.length < 2) return;
    const [x0, y0, x1, y1] = between(...this.draft);
    if (x1 - x0 >= LEAST_PX && y1 - y0 >= LEAST_PX) this.add(this.draft);
    else this.cancel();
  }

  /** One more corner of a polygon; one near the first closes it. The last of the draft follows the mouse. */
  corner(at) {
    const [first] = this.draft;
    const near = first && this.draft.length > 3 && Math.hypot(at[0] - first[0], at[1] - first[1]) < 12 * this.unit;
    if (near) return this.close();
    this.draft = this.draft.length ? [...this.draft.slice(0, -1), at, at] : [at, at];
    this.draw();
  }

  close() {
    if (this.tool !== "polygon") return;
    const corners = this.draft.slice(0, -1).filter((c, n, all) => !n || c.join() !== all[n - 1].join());
    if (corners.length >= 3) this.add(corners);
  }

  add(corners) {
    const { regions } = this.model;
    regions.push(made(this.tool, corners, regions.map((region) => region.name)));
    this.model.chosen = regions.length - 1;
    this.tool = "";
    this.cancel();
    this.tell("changed");
    this.focus();
  }

  focus() {
    this.svg.querySelector(".shape.chosen")?.focus();
  }

  key(event) {
    if (event.key === "Escape") {
      this.tool = "";
      this.cancel();
      return this.tell("chosen");
    }
    if (event.key === "Enter" && this.tool === "polygon") return this.close();
    const shape = event.target.closest?.(".shape");
    if (!shape) return;
    const index = Number(shape.dataset.index);
    const step = ARROWS[event.key]?.map((value) => value * (event.shiftKey ? FAR : 1));
    if (event.key === "Delete" || event.key === "Backspace") this.remove(index);
    else if (step) this.nudge(index, step, event.altKey);
    else return;
    event.preventDefault();
  }

  nudge(index, [dx, dy], pull) {
    const { regions, size } = this.model;
    const last = cornersOf(regions[index], size)[2];
    regions[index] = pull ? pulled(regions[index], 2, [last[0] + dx, last[1] + dy], size) : moved(regions[index], dx, dy, size);
    this.model.chosen = index;
    this.tell("changed");
  }

  remove(index) {
    this.model.regions.splice(index, 1);
    this.model.chosen = -1;
    this.tell("changed");
  }

  under(target) {
    const shape = target.closest?.(".shape");
    if (!shape) return [-1, -1];
    return [Number(shape.dataset.index), Number(target.dataset.corner ?? -1)];
  }

  draw() {
    const { regions, size } = this.model;
    this.root.toggleAttribute("data-tool", Boolean(this.tool));
    this.svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    const shapes = regions.map((region, index) => this.shape(region, index));
    if (this.draft.length) {
      const corners = this.tool === "polygon" ? this.draft : cornersOf({ box: between(...this.draft) }, size);
      shapes.push(element("polygon", { class: "draft", points: corners.join(" ") }));
    }
    const focused = this.svg.contains(document.activeElement) ? document.activeElement.dataset.index : undefined;
    this.svg.replaceChildren(...shapes);
    if (focused !== undefined) this.svg.querySelector(`.shape[data-index="${focused}"]`)?.focus();
  }

  shape(region, index) {
    const { size, chosen } = this.model;
    const corners = cornersOf(region, size);
    const said = this.model.said(index);
    const group = element("g", {
      class: index === chosen ? "shape chosen" : "shape", tabindex: 0, role: "button", "aria-label": `${kindOf(region)} ${region.name}`,
      "data-index": index, "data-kind": kindOf(region), "data-enough": said?.enough ?? true, "data-wrong": Boolean(said?.problems.length),
    });
    group.append(element("polygon", { class: "halo", points: corners.join(" ") }), element("polygon", { class: "body", points: corners.join(" ") }));
    const inner = this.inner(region);
    if (inner) group.append(element("path", { class: "grid", d: inner }));
    for (const found of said?.found ?? []) group.append(element("polygon", { class: "found", points: found.join(" ") }));
    const [x, y] = rectangleOf(region, size);
    const letters = 15 * this.unit;
    const label = element("text", { class: "label", x: x + letters / 2, y: y + letters * 1.2, "font-size": letters, "stroke-width": letters / 5 });
    label.textContent = region.name;
    group.append(label);
    if (index === chosen) {
      corners.forEach(([cx, cy], corner) => group.append(element("circle", { class: "handle", cx, cy, r: HANDLE_PX * this.unit, "data-corner": corner })));
    }
    return group;
  }

  /** Tiles as they are cut; of a search area the crop that a code of the expected length would have. */
  inner(region) {
    const [x0, y0, x1, y1] = rectangleOf(region, this.model.size);
    if (region.locate) {
      const half = (region.locate.length * (1 + 2 * region.locate.margin)) / 2;
      const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
      return `M${x - half} ${y - half}h${2 * half}v${2 * half}h${-2 * half}z`;
    }
    if (!region.tiles) return "";
    const { size, overlap } = region.tiles;
    const [wide, high] = [Math.min(size, x1 - x0), Math.min(size, y1 - y0)];
    const across = starts(x1 - x0, size, overlap).map((x) => `M${x0 + x} ${y0}v${y1 - y0}M${x0 + x + wide} ${y0}v${y1 - y0}`);
    const down = starts(y1 - y0, size, overlap).map((y) => `M${x0} ${y0 + y}h${x1 - x0}M${x0} ${y0 + y + high}h${x1 - x0}`);
    return [...across, ...down].join("");
  }
}

function element(name, attributes) {
  const one = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  return one;
}
