// What every page says of the line, whatever it is about: whether it is heard, which alarms stand, and that they sound.

import { Alarms, soundSwitch } from "./alarms.js";
import { Sound } from "./sound.js";

const byId = (id) => document.getElementById(id);

export class Bells {
  /** Fills what nav.js made for it: #sounds, #link, #alarms. */
  constructor() {
    this.sound = new Sound();
    this.alarms = new Alarms(byId("alarms"), this.sound);
    this.showSound = soundSwitch(byId("sounds"), this.sound);
  }

  /** What the line says of itself, as JSON of kind `status`. */
  take(said) {
    this.alarms.take(said);
    byId("line").textContent = said.line;
  }

  linked(on) {
    byId("link").dataset.on = on;
    byId("link-text").textContent = on ? "connected" : "connection lost, trying again…";
  }

  /** What the clock alone changes; gives how many alarms nobody has acknowledged. */
  tick(now) {
    this.alarms.tick(now);
    this.showSound();
    return this.alarms.open;
  }
}
