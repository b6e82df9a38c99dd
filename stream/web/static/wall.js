// The cameras: one card each, with its picture, its state and its numbers.

import { ledgerRows, nowRows } from "./camera_facts.js";
import { facts, write } from "./elements.js";
import { decode, draw } from "./overlay.js";
import { Plate } from "./plate.js";
import { columnsFor, densityOf, number, worst } from "./rules.js";

const LITTLE = new Set(["age", "frames/s", "BAD"]); // what one of many cards says
const CHROME_PX = { full: 260, some: 200, little: 90 }; // of a card's height that is not picture, about

export class Wall {
  /** `becameBad` is called when a camera shows BAD after something else. */
  constructor(root, template, becameBad = () => {}) {
    this.becameBad = becameBad;
    this.root = root;
    this.template = template;
    this.cards = new Map();
    this.statusArrived = -Infinity;
  }

  /** What the server says of every camera. */
  status(cameras, now) {
    this.statusArrived = now;
    for (const camera of cameras) this.card(camera.name, now).plate.camera = camera;
  }

  /** A picture and its verdict, which are shown together or not at all. */
  async picture(message) {
    const card = this.card(message.header.camera, message.arrived);
    const turn = ++card.turn;
    const pixels = await decode(message);
    if (turn > card.drawn) {
      card.drawn = turn;
      if (message.header.state === "BAD" && card.shown?.header.state !== "BAD") this.becameBad();
      card.draw(message, pixels);
      card.refresh(performance.now(), this.statusArrived);
    }
    pixels.close();
  }

  /** How many pixels wide each camera is shown, {name: pixels}. */
  widths() {
    const ratio = window.devicePixelRatio || 1;
    return Object.fromEntries([...this.cards].map(([name, card]) => [name, Math.max(1, Math.round(card.shownWidth() * ratio))]));
  }

  /** Brings all that the clock alone changes up to date; gives the worst of all situations. */
  refresh(now) {
    return worst([...this.cards.values()].map((card) => card.refresh(now, this.statusArrived)));
  }

  /** Moves the keyboard's focus by so many cameras. */
  focus(steps) {
    const names = [...this.root.querySelectorAll(".name")];
    const at = names.indexOf(document.activeElement);
    names[(at < 0 ? (steps > 0 ? 0 : names.length - 1) : at + steps + names.length) % names.length]?.focus();
  }

  /** As many columns as show the pictures largest. */
  arrange() {
    const count = this.cards.size;
    const density = densityOf(count);
    this.root.dataset.density = density;
    this.root.style.setProperty("--columns", columnsFor(count, this.root.clientWidth, this.root.clientHeight, CHROME_PX[density]));
  }

  card(name, now) {
    if (!this.cards.has(name)) {
      const card = new Card(this.template.content.firstElementChild.cloneNode(true), name, now);
      this.cards.set(name, card);
      this.root.append(card.element);
      this.arrange();
    }
    return this.cards.get(name);
  }
}

class Card {
  constructor(element, name, now) {
    this.element = element;
    this.plate = new Plate(element, name);
    this.plate.watched = now;
    this.turn = 0;
    this.drawn = 0;
    this.part = (selector) => element.querySelector(selector);
    this.part(".name").href = `/camera/${name}`;
  }

  get shown() {
    return this.plate.shown;
  }

  /** The canvas is as wide as its well, or as its shape lets it be in the well's height. */
  shownWidth() {
    const { width, height, clientWidth, clientHeight } = this.part("canvas");
    return Math.min(clientWidth, (clientHeight * width) / height);
  }

  draw({ header, arrived, way }, pixels) {
    draw(this.part("canvas"), header, pixels);
    this.element.dataset.seq = header.seq;
    this.element.dataset.state = header.state;
    this.plate.shown = { header, arrived: arrived - way };
  }

  refresh(now, statusArrived) {
    this.plate.statusArrived = statusArrived;
    const seen = this.plate.refresh(now);
    const { camera } = this.plate;
    const little = this.element.parentElement.dataset.density === "little";
    const rows = nowRows(camera, seen.kind === "ended" ? null : this.shown, now);
    if (little && camera) rows.push(["BAD", number(camera.bad)]);
    facts(this.part(".facts"), little ? rows.filter(([word]) => LITTLE.has(word)) : rows);
    this.note(seen.cover ? "" : camera?.text ?? "");
    if (camera && !little) facts(this.part(".ledger"), ledgerRows(camera));
    return seen;
  }

  /** What the capture has to say while its pictures go on; a cover says it itself. */
  note(text) {
    this.part(".note").hidden = !text;
    write(this.part(".note"), text);
  }
}
