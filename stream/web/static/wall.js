// The cameras: one card each, with its picture, its state and its numbers.

import { facts, write } from "./elements.js";
import { ages, number, situation, span, worst } from "./rules.js";

const RECENT_MS = 10_000; // how long a BAD picture is remembered on the plate

export class Wall {
  constructor(root, template) {
    this.root = root;
    this.template = template;
    this.cards = new Map();
    this.statusArrived = -Infinity;
  }

  /** What the server says of every camera. */
  status(cameras, now) {
    this.statusArrived = now;
    for (const camera of cameras) this.card(camera.name, now).camera = camera;
  }

  /** A picture and its verdict, which are shown together or not at all. */
  async picture(header, jpeg, now) {
    const card = this.card(header.camera, now);
    const turn = ++card.turn;
    const bitmap = await createImageBitmap(jpeg);
    if (turn > card.drawn) {
      card.drawn = turn;
      card.draw(header, bitmap, now);
      card.refresh(performance.now(), performance.now() - this.statusArrived);
    }
    bitmap.close();
  }

  /** Brings all that the clock alone changes up to date; gives the worst of all situations. */
  refresh(now) {
    const silent = now - this.statusArrived;
    return worst([...this.cards.values()].map((card) => card.refresh(now, silent)));
  }

  card(name, now) {
    if (!this.cards.has(name)) {
      const card = new Card(this.template.content.firstElementChild.cloneNode(true), name, now);
      this.cards.set(name, card);
      this.root.append(card.element);
    }
    return this.cards.get(name);
  }
}

class Card {
  constructor(element, name, now) {
    this.element = element;
    this.watched = now;
    this.camera = null;
    this.shown = null;
    this.lastBad = -Infinity;
    this.turn = 0;
    this.drawn = 0;
    this.part = (selector) => element.querySelector(selector);
    element.dataset.camera = name;
    write(this.part(".name"), name);
  }

  draw(header, bitmap, arrived) {
    const canvas = this.part("canvas");
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.element.dataset.seq = header.seq;
    this.element.dataset.state = header.state;
    this.shown = { header, arrived };
    if (header.state === "BAD") this.lastBad = arrived;
  }

  refresh(now, statusSilentMs) {
    const seen = situation(this.camera, this.shown, statusSilentMs, now - this.watched, now);
    this.plate(seen, now);
    this.facts(now);
    this.note(seen.cover ? "" : this.camera?.text ?? "");
    if (this.camera) this.ledger(this.camera);
    return seen;
  }

  plate(seen, now) {
    if (this.element.dataset.kind !== seen.kind) {
      this.element.dataset.kind = seen.kind;
      this.part("use").setAttribute("href", `#shape-${seen.kind}`);
    }
    write(this.part(".word"), seen.word);
    write(this.part(".why"), seen.cover ? this.lastWord() : seen.text);
    write(this.part(".cover-word"), seen.word);
    write(this.part(".cover-text"), seen.text);
    this.part(".cover").hidden = !seen.cover;
    const sinceBad = now - this.lastBad;
    this.part(".recent").hidden = sinceBad > RECENT_MS || seen.cover;
    write(this.part(".recent"), `BAD ${Math.max(1, Math.round(sinceBad / 1000))} s ago`);
    this.part("canvas").ariaLabel = `live picture, ${seen.word}`;
  }

  lastWord() {
    return this.shown ? `last: ${this.shown.header.state} #${number(this.shown.header.seq)}` : "";
  }

  facts(now) {
    const { camera, shown } = this;
    const rows = [
      ["age", shown ? span(ages(shown, now).age) : "–"],
      ["frames/s", camera ? camera.fps.toFixed(1) : "–"],
      ["frame", shown ? number(shown.header.seq) : "–"],
      ["verdict after", shown ? `${shown.header.latency_ms.toFixed(0)} ms` : "–"],
      ["waiting", camera ? number(camera.waiting) : "–"],
    ];
    if (camera?.lost) rows.push(["lost before capture", number(camera.lost)]);
    facts(this.part(".facts"), rows);
  }

  /** What the capture has to say while its pictures go on; a cover says it itself. */
  note(text) {
    this.part(".note").hidden = !text;
    write(this.part(".note"), text);
  }

  ledger(camera) {
    const dropped = Object.values(camera.dropped).reduce((sum, count) => sum + count, 0);
    const open = Math.max(0, camera.captured - camera.good - camera.bad - camera.unknown - dropped);
    const reasons = Object.entries(camera.dropped).map(([reason, count]) => `${reason} ${number(count)}`).join(", ");
    facts(this.part(".ledger"), [
      ["captured", number(camera.captured)],
      ["GOOD", number(camera.good), { name: "good" }],
      ["BAD", number(camera.bad), { name: "bad", some: camera.bad }],
      ["UNKNOWN", number(camera.unknown), { name: "unknown", some: camera.unknown }],
      ["dropped", number(dropped), { name: "dropped", small: reasons }],
      ["ledger", camera.ledger_closed ? "closed" : "open", { name: "closed", small: camera.ledger_closed ? "every frame accounted for" : `${number(open)} on their way` }],
    ]);
  }
}
