// The alarms of the line: those that nobody has acknowledged call out and sound; acknowledged ones stand there with a name.
//
// The desktop's window has the same words (stream/desktop/alarms.py): tests/test_same_rules.py asks both of them the same.

import { make, write } from "./elements.js";
import { post } from "./review_calls.js";
import { allow, lacking } from "./rights.js";
import { clock } from "./rules.js";
import { named } from "./who.js";

/** What the line says of its alarms: {key, text, camera, word, who, at}; `key` stays the same while the alarm counts up. Pure. */
export function alarmsIn(said) {
  const states = said.alarm_states ?? [];
  const known = new Set(states.filter((state) => !state.camera).map((state) => state.text));
  const bare = said.alarms.filter((text) => !known.has(text)).map((text) => ({ text, camera: "" }));
  const seen = new Map();
  for (const { text, camera, acknowledged_by: who = "", acknowledged_utc_ns: at = 0, words } of [...states, ...bare]) {
    const key = `${camera}\n${words || text}`; // the line knows which numbers count up, and which are names
    const word = said.cameras?.find(({ name }) => name === camera)?.alarms?.find((one) => one.text === text)?.word ?? "";
    if (!seen.has(key)) seen.set(key, { key, text, camera, word, who, at });
  }
  return [...seen.values()].sort((one, other) => Boolean(one.who) - Boolean(other.who)); // what sounds stands first
}

/** What is said of one. Pure. */
export function wordsOf({ camera, word, text }) {
  return [camera && `${camera}:`, word && `${word}.`, text].filter(Boolean).join(" ");
}

export class Alarms {
  /** `list`: a <ul>. `sound`: what is heard. */
  constructor(list, sound) {
    Object.assign(this, { list, sound, open: 0, rows: new Map() });
    list.setAttribute("aria-relevant", "additions"); // one that counts up is not read out each second
  }

  take(said) {
    const alarms = alarmsIn(said);
    this.open = alarms.filter((alarm) => !alarm.who).length;
    const rows = new Map(alarms.map((alarm) => [alarm.key, this.rows.get(alarm.key) ?? new Row()]));
    for (const [key, row] of this.rows) if (!rows.has(key)) row.element.remove();
    for (const alarm of alarms) {
      const row = rows.get(alarm.key);
      row.show(alarm);
    }
    const order = alarms.map((alarm) => rows.get(alarm.key).element);
    if (order.some((element, at) => this.list.children[at] !== element)) this.list.append(...order);
    this.rows = rows;
  }

  /** Lets an alarm sound for as long as nobody has acknowledged it. */
  tick(now) {
    if (this.open) this.sound.alarm(now);
  }
}

class Row {
  constructor() {
    this.text = make("span", "alarm-text");
    this.who = make("span", "alarm-who");
    this.button = make("button", "acknowledge", "Acknowledge");
    this.button.type = "button";
    this.button.addEventListener("click", () => this.acknowledge());
    this.element = make("li", "", this.text, this.who, this.button);
    lacking("operator").then((why) => {
      allow([this.button], why);
      if (why && !this.alarm?.who) write(this.who, "an operator acknowledges it");
    });
  }

  show(alarm) {
    this.alarm = alarm;
    write(this.text, wordsOf(alarm));
    if (alarm.who) write(this.who, `acknowledged by ${alarm.who}${alarm.at ? `, ${clock(alarm.at)}` : ""}`);
    this.button.hidden = Boolean(alarm.who);
    this.element.dataset.open = !alarm.who;
  }

  async acknowledge() {
    if (!(await named())) return;
    this.button.disabled = true;
    write(this.who, "…");
    const { text, camera } = this.alarm;
    const number = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // over http there is no randomUUID
    const { ok, error } = await post("/api/alarms/acknowledge", { alarm: text, camera }, number);
    if (!ok) write(this.who, `not acknowledged: ${error}`);
    this.button.disabled = false;
  }
}

/** The button that says whether one hears anything, and the choice to hear BAD, too. Gives what brings it up to date. */
export function soundSwitch(root, sound) {
  const button = make("button", "quiet sound");
  const check = make("input");
  const label = make("label", "check", check, "BAD sounds, too");
  button.type = "button";
  check.type = "checkbox";
  check.checked = sound.ofBad;
  check.addEventListener("change", () => sound.wantBad(check.checked));
  const show = () => {
    write(button, sound.on ? "Sound is on" : "Sound is off: click to turn on");
    button.setAttribute("aria-pressed", sound.on);
    label.hidden = !sound.on;
  };
  button.addEventListener("click", () => {
    sound.want(!sound.before);
    show();
  });
  root.append(button, label);
  show();
  return show;
}
