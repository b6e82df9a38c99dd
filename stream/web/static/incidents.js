// The newest incidents, newest first. Elements are kept while their incident is, so that nothing flickers.

import { make } from "./elements.js";
import { addressOf, clock, counted, number, scored } from "./rules.js";

export class Incidents {
  constructor(list, none, count) {
    Object.assign(this, { list, none, count, incidents: [], rows: new Map() });
  }

  take(incidents) {
    this.incidents = incidents;
    const rows = new Map(incidents.map((incident) => {
      const name = JSON.stringify(incident);
      return [name, this.rows.get(name) ?? row(incident)];
    }));
    this.rows = rows;
    this.list.replaceChildren(...rows.values());
    this.none.hidden = incidents.length > 0;
  }

  total(cameras) {
    const total = cameras.reduce((sum, camera) => sum + camera.incidents, 0);
    this.count.textContent = total ? number(total) : "";
  }

  /** Where the evidence of the incident that held this frame lies by now; undefined where it is not listed. */
  successor({ camera, run, seq }) {
    const holds = (i) => i.camera === camera && String(i.run) === run && i.first_seq <= seq && seq <= i.last_seq;
    const found = this.incidents.find((i) => i.evidence && holds(i));
    return found && addressOf(found.evidence);
  }

  /** The addresses of the incidents before and after one, newer first; undefined at the ends. */
  neighbours(address) {
    const addresses = this.incidents.filter((i) => i.evidence).map((i) => addressOf(i.evidence));
    const at = addresses.indexOf(address);
    return at < 0 ? {} : { newer: addresses[at - 1], older: addresses[at + 1] };
  }
}

function row(incident) {
  const content = [thumb(incident), make("span", "", ...words(incident))];
  const inner = make(incident.evidence ? "a" : "div", "row", ...content);
  if (incident.evidence) inner.href = addressOf(incident.evidence);
  return make("li", "", inner);
}

function words(incident) {
  const frames = counted(incident.frames, "frame");
  const part = incident.part ? ` · ${incident.part}` : "";
  const kept = incident.evidence ? "" : " · no evidence yet";
  return [
    make("strong", "", clock(incident.captured_utc_ns)),
    make("span", "score", `BAD ${scored(incident.worst_score)}`),
    make("span", "", `${incident.camera}${part} · ${frames} · #${number(incident.worst_seq)}${kept}`),
  ];
}

function thumb(incident) {
  const frame = make("span", "thumb");
  if (incident.evidence) {
    const picture = make("img");
    picture.alt = "";
    picture.src = `/${incident.evidence}/thumb.jpg`;
    picture.onerror = () => picture.remove();
    frame.append(picture);
  }
  return frame;
}
