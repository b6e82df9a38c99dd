// Zoom and pan of one canvas in its well: wheel, pinch, drag, double click. Knows nothing of what the canvas shows.

export const CLOSEST = 12;
const STEP = 1.25;
const TAP = 3; // the zoom of a double click

/** How the canvas lies after zooming by `factor` at a point of the well: that point stays where it is. Pure. */
export function zoomed({ zoom, x, y }, factor, atX, atY, width, height) {
  const next = Math.min(CLOSEST, Math.max(1, zoom * factor));
  const grown = next / zoom;
  return held({ zoom: next, x: atX - (atX - x) * grown, y: atY - (atY - y) * grown }, width, height);
}

/** The same, moved so that the canvas covers its well. Pure. */
export function held({ zoom, x, y }, width, height) {
  const within = (place, size) => Math.min(0, Math.max(size * (1 - zoom), place));
  return { zoom, x: within(x, width), y: within(y, height) };
}

export class Stage {
  /** `changed` is called after each change of the zoom or the place. */
  constructor(well, canvas, changed) {
    Object.assign(this, { well, canvas, changed, view: { zoom: 1, x: 0, y: 0 }, fingers: new Map() });
    well.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    well.addEventListener("dblclick", (event) => this.tap(event));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) well.addEventListener(kind, (event) => this[kind](event));
    new ResizeObserver(() => this.set(held(this.view, well.clientWidth, well.clientHeight))).observe(well);
  }

  get zoom() {
    return this.view.zoom;
  }

  /** Closer (+1), further away (-1), or all of it (0), around the middle. */
  step(direction) {
    const { clientWidth: width, clientHeight: height } = this.well;
    const factor = direction ? STEP ** direction : 1 / this.zoom;
    this.set(zoomed(this.view, factor, width / 2, height / 2, width, height));
  }

  /** Moves what is seen by shares of the well. */
  pan(right, down) {
    this.by(-right * this.well.clientWidth, -down * this.well.clientHeight);
  }

  at(event, factor) {
    const { left, top } = this.well.getBoundingClientRect();
    this.set(zoomed(this.view, factor, event.clientX - left, event.clientY - top, this.well.clientWidth, this.well.clientHeight));
  }

  by(x, y) {
    const { clientWidth, clientHeight } = this.well;
    this.set(held({ ...this.view, x: this.view.x + x, y: this.view.y + y }, clientWidth, clientHeight));
  }

  set(view) {
    this.view = view;
    this.canvas.style.transform = view.zoom === 1 ? "" : `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
    this.well.dataset.zoomed = view.zoom > 1;
    this.changed(view);
  }

  wheel(event) {
    event.preventDefault();
    this.at(event, Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 300));
  }

  tap(event) {
    this.at(event, this.zoom > 1 ? 1 / this.zoom : TAP);
  }

  pointerdown(event) {
    if (event.target !== this.canvas) return;
    this.well.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
  }

  pointermove(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      this.at({ clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 }, apart(event) / apart(before));
    } else if (this.zoom > 1) {
      this.by(event.clientX - before.clientX, event.clientY - before.clientY);
    }
    this.fingers.set(event.pointerId, event);
  }

  pointerup(event) {
    this.fingers.delete(event.pointerId);
  }

  pointercancel(event) {
    this.fingers.delete(event.pointerId);
  }
}
