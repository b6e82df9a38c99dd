// Which picture stands on the stage: the live one, or one of the last seconds that somebody holds. It says which.

import { History } from "./history.js";
import { decode, draw } from "./overlay.js";

const NOTHING = "There is no picture yet.";

export class Viewing {
  /** `shown` is called with the message that stands there after each drawing. */
  constructor(canvas, look, shown) {
    Object.assign(this, { canvas, look, shown, history: new History(), held: null, on: null, turn: 0, drawn: 0, drawings: 0 });
  }

  get frozen() {
    return this.held !== null;
  }

  /** A live picture. While one is held it is not kept either: what one steps through would run away. */
  async take(message) {
    if (this.frozen) return;
    this.history.push(message);
    await this.draw(message);
  }

  /** Gives why not, in words; empty where it is held. */
  freeze() {
    this.held ??= this.on;
    this.redraw();
    return this.frozen ? "" : NOTHING;
  }

  live() {
    this.held = null;
    const newest = this.history.newest();
    if (newest) this.draw(newest);
    return "";
  }

  toggle() {
    return this.frozen ? this.live() : this.freeze();
  }

  /** Steps through the last seconds; the first step holds the picture. Gives why not, in words; empty where it stepped. */
  step(steps) {
    const from = this.held ?? this.on;
    if (!from) return NOTHING;
    this.held = this.history.from(from, steps) ?? from;
    this.redraw();
    if (this.held !== from) return "";
    return steps < 0 ? "This is the oldest that is kept here." : "This is the newest that came before you held it.";
  }

  /** Draws what stands there anew, as after a change of `look`. */
  redraw() {
    const item = this.held ?? this.on;
    if (item) this.draw(item);
  }

  async draw(item) {
    const turn = ++this.turn;
    const pixels = await decode(item);
    const overtaken = turn < this.drawn || (this.frozen && item !== this.held);
    if (!overtaken) {
      this.drawn = turn;
      draw(this.canvas, item.header, pixels, this.look);
      this.on = item;
      this.drawings += 1;
      this.shown(item);
    }
    pixels.close();
  }
}
