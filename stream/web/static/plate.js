// A camera's plate and what lies over its picture: the state in word and shape, STALE, and what is wrong with its pictures.

import { write } from "./elements.js";
import { number, situation } from "./rules.js";
import { reshape, shape } from "./shapes.js";

const LOOK = "Somebody must look at it. Right pictures end this without a restart; a new calibration counts from the next start.";
const RECENT_MS = 10_000; // how long a BAD picture is remembered on the plate

export class Plate {
  /** `element` holds .plate and what the picture is covered with; `camera` and `shown` are set from outside. */
  constructor(element, name) {
    Object.assign(this, { element, camera: null, shown: null, unknown: "", statusArrived: -Infinity, watched: performance.now(), lastBad: -Infinity });
    this.part = (selector) => element.querySelector(selector);
    this.shape = shape();
    this.part(".plate").prepend(this.shape);
    element.dataset.camera = name;
    write(this.part(".name"), name);
  }

  /** Brings it up to date; `held`: another picture than the live one is shown, so nothing covers it. Gives the situation. */
  refresh(now, held = false) {
    const seen = situation(this.camera, this.shown, now - this.statusArrived, now - this.watched, now);
    if (this.element.dataset.kind !== seen.kind) this.element.dataset.kind = seen.kind;
    reshape(this.shape, seen.kind);
    write(this.part(".word"), seen.word);
    write(this.part(".why"), seen.cover ? this.lastWord() : seen.text);
    write(this.part(".cover-word"), seen.word);
    write(this.part(".cover-text"), this.unknown || seen.text);
    this.part(".cover").hidden = !seen.cover || held;
    this.part("canvas").ariaLabel = held ? "held picture, not live" : `live picture, ${seen.word}`;
    this.recent(now, seen.cover);
    this.health(seen.cover ? [] : this.camera?.alarms ?? []);
    return seen;
  }

  recent(now, covered) {
    if (this.shown?.header.state === "BAD") this.lastBad = this.shown.arrived;
    const recent = this.part(".recent");
    if (!recent) return;
    const since = now - this.lastBad;
    recent.hidden = since > RECENT_MS || covered;
    write(recent, `BAD ${Math.max(1, Math.round(since / 1000))} s ago`);
  }

  /** What is wrong with the camera's pictures, over the picture; the first alarm in big letters. */
  health(alarms) {
    this.part(".health").hidden = !alarms.length;
    write(this.part(".health-word"), alarms.map((alarm) => alarm.word).join(" · "));
    const look = this.part(".stage") ? ` ${LOOK}` : ""; // a card on the wall has no room for it
    write(this.part(".health-text"), alarms[0] ? `${alarms[0].text}${look}` : "");
  }

  lastWord() {
    return this.shown ? `last: ${this.shown.header.state} #${number(this.shown.header.seq)}` : "";
  }
}
