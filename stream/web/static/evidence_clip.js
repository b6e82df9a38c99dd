// The film around an evidence's frame: it stands on the very frame, and goes on frame by frame, by the film's own list of frames.

import { make } from "./elements.js";
import { number } from "./rules.js";

const HALF_MS = 0.0005; // into a picture's time, so that no rounding shows its neighbour

export class Clip {
  constructor(root) {
    this.root = root;
    this.video = make("video");
    Object.assign(this.video, { muted: true, playsInline: true, preload: "auto", controls: false });
    this.video.ariaLabel = "film of the incident";
    this.said = make("span", "clip-said");
    this.said.role = "status";
    this.track = make("input", "clip-track");
    Object.assign(this.track, { type: "range", min: "0", step: "1", ariaLabel: "picture of the film" });
    this.playing = button("play", "▶", "Play or stop (space)", () => this.toggle());
    const controls = make("div", "clip-bar",
      button("back", "‹", "One picture back (,)", () => this.step(-1)), this.playing,
      button("on", "›", "One picture on (.)", () => this.step(1)),
      button("evidence", "◎", "To the evidence's picture", () => this.toEvidence()), this.track, this.said);
    root.replaceChildren(make("div", "clip-screen", this.video), controls);
    this.track.addEventListener("input", () => this.stand(Number(this.track.value)));
    for (const kind of ["seeked", "timeupdate", "play", "pause", "loadeddata"]) this.video.addEventListener(kind, () => this.look());
    this.video.addEventListener("error", () => this.video.getAttribute("src") && this.say("This film cannot be shown."));
    this.frames = [];
  }

  /** Shows the film at that address, standing on frame `seq`; none where there is no address. */
  async show(address, seq) {
    if (this.address === address && this.seq === seq) return;
    Object.assign(this, { address, seq, frames: [] });
    this.video.pause();
    if (!address) {
      this.video.removeAttribute("src");
      this.video.load();
      return this.say("There is no film of this incident, or not yet.");
    }
    this.say("…");
    const found = await part(address, seq);
    if (this.address !== address || this.seq !== seq) return;
    this.frames = found.frames;
    this.video.src = found.address;
    this.track.max = String(Math.max(0, this.frames.length - 1));
    if (!this.frames.length) return this.say("This film does not say which frames are in it.");
    this.toEvidence();
  }

  /** Stops, and frees what the film holds. */
  close() {
    this.show(null, -1);
  }

  /** Which picture of the film is shown: the last that has begun. */
  get at() {
    const now = this.video.currentTime;
    let [low, high] = [0, this.frames.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.frames[middle][1] <= now) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  stand(index) {
    const frame = this.frames[Math.max(0, Math.min(this.frames.length - 1, index))];
    if (!frame) return;
    this.video.pause();
    this.video.currentTime = frame[1] + HALF_MS;
  }

  step(by) {
    this.stand(this.at + by);
  }

  toEvidence() {
    const index = this.frames.findIndex(([seq]) => seq === this.seq);
    if (index < 0) return this.say(`Frame ${number(this.seq)} is not in this film.`);
    this.stand(index);
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  look() {
    this.playing.firstChild.textContent = this.video.paused ? "▶" : "❚❚";
    if (!this.frames.length) return;
    const index = this.at;
    const [seq] = this.frames[index];
    this.track.value = String(index);
    this.video.dataset.seq = seq;
    const away = seq - this.seq;
    this.say(`frame ${number(seq)}${away ? ` · ${away > 0 ? "+" : "−"}${number(Math.abs(away))}` : " · the evidence"}`);
  }

  say(text) {
    if (this.said.textContent !== text) this.said.textContent = text;
  }
}

/** The part of a film that holds a frame, and its frames [[seq, seconds]]: a long incident has several. Else the first. */
async function part(address, seq) {
  const first = { address, frames: await listed(address) };
  for (let one = first, number = 2; one.frames.length; number += 1) {
    if (one.frames.at(-1)[0] >= seq) return one;
    const next = address.replace(/\.mp4$/, `.${number}.mp4`);
    one = { address: next, frames: await listed(next) };
  }
  return first;
}

async function listed(address) {
  const answer = await fetch(address.replace(/\.mp4$/, ".json")).catch(() => null);
  const list = answer?.ok ? await answer.json().catch(() => null) : null;
  return list?.frames ?? [];
}

function button(name, sign, said, pressed) {
  const made = make("button", "icon", make("span", "", sign));
  Object.assign(made, { type: "button", title: said, ariaLabel: said });
  made.dataset.clip = name;
  made.addEventListener("click", pressed);
  return made;
}
