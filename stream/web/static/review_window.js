// A list of any length of which only what can be seen is in the document: tiles of one height, in as many columns as fit.

import { make } from "./elements.js";

const TILE_REM = { width: 18, height: 6.25 };
const SPARE_ROWS = 3; // above and below what is seen, so that a key or a flick finds them there
const NEAR_END_ROWS = 12;

export class WindowedList {
  /** `tile(row, index)` makes an element, `key(row)` names it, `sign(row)` differs where a tile would, `nearEnd()` is told when the end comes into reach. */
  constructor(scroller, { tile, key, sign, nearEnd, label }) {
    Object.assign(this, { scroller, tile, key, sign, nearEnd, rows: [], shown: new Map(), total: -1 });
    this.list = make("ol", "tiles");
    this.list.ariaLabel = label;
    scroller.append(this.list);
    scroller.addEventListener("scroll", () => this.soon(), { passive: true });
    new ResizeObserver(() => this.soon()).observe(scroller);
  }

  /** Shows these; `total` where it is known how many there are, else -1. */
  show(rows, total) {
    Object.assign(this, { rows, total });
    this.draw();
  }

  soon() {
    this.due ??= requestAnimationFrame(() => this.draw());
  }

  get shape() {
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const columns = Math.max(1, Math.floor(this.scroller.clientWidth / (TILE_REM.width * rem)));
    return { columns, height: TILE_REM.height * rem, lines: Math.ceil(this.rows.length / columns) };
  }

  draw() {
    cancelAnimationFrame(this.due);
    this.due = null;
    if (!this.scroller.clientHeight) return;
    const { columns, height, lines } = this.shape;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / height) - SPARE_ROWS);
    const last = Math.min(lines, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / height) + SPARE_ROWS);
    this.list.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    this.list.style.gridAutoRows = `${height}px`;
    this.list.style.paddingTop = `${first * height}px`;
    this.list.style.height = `${lines * height}px`;
    this.fill(first * columns, Math.min(this.rows.length, last * columns));
    if (last >= lines - NEAR_END_ROWS / columns) this.nearEnd();
  }

  fill(from, to) {
    const shown = new Map();
    for (let index = from; index < to; index += 1) {
      const row = this.rows[index];
      const name = this.key(row);
      const said = this.sign(row);
      const kept = this.shown.get(name);
      const one = kept?.said === said ? kept : { said, element: make("li", "", this.tile(row)) };
      one.element.ariaPosInSet = String(index + 1);
      one.element.ariaSetSize = String(this.total);
      shown.set(name, one);
    }
    this.swap(shown);
  }

  /** Only what changed is touched: an element that stays keeps the focus, and one made anew gets it back. */
  swap(shown) {
    const focused = [...this.shown].find(([, { element }]) => element.contains(document.activeElement))?.[0];
    const before = [...this.list.children];
    const after = [...shown.values()].map(({ element }) => element);
    this.shown = shown;
    if (before.length === after.length && before.every((element, index) => element === after[index])) return;
    const kept = new Set(after);
    for (const element of before) if (!kept.has(element)) element.remove();
    after.forEach((element, index) => this.list.children[index] !== element && this.list.insertBefore(element, this.list.children[index] ?? null));
    if (focused && !this.list.contains(document.activeElement)) shown.get(focused)?.element.querySelector("a, button")?.focus({ preventScroll: true });
  }

  /** Scrolls as little as needed for that row to be seen whole. */
  reveal(index) {
    const { columns, height } = this.shape;
    const top = Math.floor(index / columns) * height;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + height > scrollTop + clientHeight) this.scroller.scrollTop = top + height - clientHeight;
    this.draw();
  }

  /** The index of the first row that is seen. */
  get seen() {
    const { columns, height } = this.shape;
    return Math.floor(this.scroller.scrollTop / height) * columns;
  }

  /** Puts the focus on a row that is seen. */
  focus(name) {
    this.shown.get(name)?.element.querySelector("a")?.focus({ preventScroll: true });
  }
}
