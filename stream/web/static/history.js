// The last pictures, so that one can step back: bounded in time and in bytes, the oldest gives way. Pure.

export const KEPT_MS = 10_000;
export const KEPT_BYTES = 64 * 1024 * 1024;

export class History {
  constructor(keptMs = KEPT_MS, keptBytes = KEPT_BYTES) {
    Object.assign(this, { keptMs, keptBytes, items: [], bytes: 0 });
  }

  get length() {
    return this.items.length;
  }

  /** item: {arrived, bytes, …}; the newest stays, however large. */
  push(item) {
    this.items.push(item);
    this.bytes += item.bytes;
    while (this.items.length > 1 && (this.bytes > this.keptBytes || item.arrived - this.items[0].arrived > this.keptMs)) {
      this.bytes -= this.items.shift().bytes;
    }
  }

  /** The item so many steps from one: the last or the first of all where there are fewer. */
  from(item, steps) {
    const at = this.items.indexOf(item);
    return this.items[Math.min(this.items.length - 1, Math.max(0, (at < 0 ? this.items.length - 1 : at) + steps))];
  }

  newest() {
    return this.items.at(-1);
  }
}
