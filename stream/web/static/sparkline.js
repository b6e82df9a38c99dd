// A small line of the last values, for a glance: how long it takes, and whether that changes.

const KEPT = 150;

export class Sparkline {
  constructor(canvas, words) {
    Object.assign(this, { canvas, words, values: [] });
  }

  push(value) {
    this.values.push(value);
    if (this.values.length > KEPT) this.values.shift();
  }

  /** Called a few times a second: nobody sees more. */
  draw() {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.canvas.clientWidth * ratio, this.canvas.clientHeight * ratio].map(Math.round);
    if (!width || this.values.length < 2) return;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    const context = this.canvas.getContext("2d");
    const most = Math.max(...this.values);
    const line = Math.max(1, 1.5 * ratio);
    const place = (value) => height - line - (value / (most || 1)) * (height - 2 * line);
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(this.canvas).color;
    context.lineWidth = line;
    context.lineJoin = "round";
    context.beginPath();
    this.values.forEach((value, at) => context.lineTo((at / (KEPT - 1)) * width, place(value)));
    context.stroke();
    this.canvas.ariaLabel = `${this.words}: now ${this.values.at(-1).toFixed(0)} ms, at most ${most.toFixed(0)} ms`;
  }
}
