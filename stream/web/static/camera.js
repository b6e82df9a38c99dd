// Puts the page of one camera together. What is live stands on the plate, also while a picture is held on the stage.

import { Bells } from "./bells.js";
import { Challenges } from "./camera_challenge.js";
import { defectWords, ledgerRows, minuteRows, nowRows, shownRows } from "./camera_facts.js";
import { facts, make, write } from "./elements.js";
import { keys } from "./keys.js";
import { Plate } from "./plate.js";
import { get } from "./review_calls.js";
import { number, span } from "./rules.js";
import { connect } from "./socket.js";
import { Sparkline } from "./sparkline.js";
import { Stage } from "./stage.js";
import { Tab } from "./tab.js";
import { Viewing } from "./viewing.js";

const TICK_MS = 100;
const SLOW_TICK_MS = 500;
const MINUTES_MS = 30_000;
const QUARTER_NS = 15 * 60 * 1_000_000_000;
const HIDDEN_PX = 160; // a page that nobody sees still says how the camera is, in its title
const name = decodeURIComponent(location.pathname.split("/")[2]);
const byId = (id) => document.getElementById(id);

const bells = new Bells();
const tab = new Tab(`${name} · Linewatch`);
const plate = new Plate(byId("one"), name);
const spark = new Sparkline(byId("spark"), "capture to verdict");
const look = { mask: 0.4, boxes: true, regions: true };
const canvas = byId("picture");
const viewing = new Viewing(canvas, look, shown);
const stage = new Stage(byId("stage"), canvas, ({ zoom }) => {
  byId("zoom").textContent = `${Math.round(zoom * 100)}%`;
  showPixels();
  wish();
});
let toScreen = null;

/** A picture stands on the stage. */
function shown(message) {
  const { header } = message;
  canvas.dataset.seq = header.seq;
  canvas.dataset.state = header.state;
  if (!viewing.frozen) {
    toScreen = header.age_ms + message.way + performance.now() - message.arrived;
    canvas.dataset.toScreenMs = toScreen.toFixed(2); // tools/bench_page.py reads it
  }
  canvas.dataset.drawn = viewing.drawings;
  facts(byId("shown"), shownRows(header));
  const words = header.defects.map(defectWords);
  if (byId("defects").said !== words.join("\n")) {
    byId("defects").said = words.join("\n");
    byId("defects").replaceChildren(...words.map((text) => make("li", "", text)));
  }
  showPixels();
}

/** Where a pixel of the picture is larger than two of the screen, it is shown as a pixel. */
function showPixels() {
  const scale = Math.min(canvas.clientWidth / canvas.width, canvas.clientHeight / canvas.height) * stage.zoom;
  byId("stage").dataset.pixels = scale > 2;
}

async function picture(message) {
  if (message.header.camera !== name) return;
  if (message.header.state === "BAD" && plate.shown?.header.state !== "BAD") bells.sound.becameBad(performance.now());
  plate.shown = { header: message.header, arrived: message.arrived - message.way };
  byId("one").dataset.state = message.header.state;
  byId("one").dataset.seq = message.header.seq;
  spark.push(message.header.latency_ms);
  await viewing.take(message);
}

function status(said) {
  plate.camera = said.cameras.find((camera) => camera.name === name) ?? null;
  plate.statusArrived = performance.now();
  plate.unknown = plate.camera ? "" : `this line has no camera ${name}`;
  bells.take(said);
  facts(byId("ledger"), ledgerRows(plate.camera));
  facts(byId("about"), [["engine", said.engine || "–"], ["bundle", said.bundle_id || "–"], ...(said.recipe ? [["recipe", said.recipe]] : [])]);
  others(said.cameras.map((camera) => camera.name));
}

function others(names) {
  if (byId("others").said === names.join("\n")) return;
  byId("others").said = names.join("\n");
  byId("others").replaceChildren(...names.map((other) => {
    const link = make("a", "", other);
    link.href = `/camera/${other}`;
    if (other === name) link.setAttribute("aria-current", "page");
    return link;
  }));
}

/** Asks for as many pixels as are seen; while zoomed in, for all that there are. */
function wish() {
  const ratio = window.devicePixelRatio || 1;
  const fits = Math.min(canvas.clientWidth, (canvas.clientHeight * canvas.width) / canvas.height);
  const pixels = Math.max(1, Math.min(16_384, Math.round(fits * ratio * stage.zoom)));
  line.look({ [name]: document.hidden ? HIDDEN_PX : pixels }, stage.zoom > 1);
}

async function minutes() {
  const { ok, body } = await get("/api/figures", { camera: name, since: Date.now() * 1e6 - QUARTER_NS, step_s: 60 });
  facts(byId("minutes"), ok ? minuteRows(body.buckets) : [["judged", "–"]]);
}

const line = connect({
  open: () => bells.linked(true),
  close: () => bells.linked(false),
  said: (message) => message.kind === "status" && status(message),
  picture: (message, done) => picture(message).catch(console.error).finally(done),
});

/** What a held picture is, and how old: never to be taken for a live one. `seen`: whether there is a live one at all. */
function frozen(now, { kind, cover }) {
  const { held } = viewing;
  const [hold, leave] = kind === "ended" ? ["Last picture", "Leave it"] : ["Freeze", cover ? "Leave it" : "Back to live"];
  byId("stage").dataset.frozen = viewing.frozen;
  byId("frozen").hidden = !viewing.frozen;
  byId("freeze").setAttribute("aria-pressed", viewing.frozen);
  write(byId("freeze"), viewing.frozen ? leave : hold);
  write(byId("shown-title"), viewing.frozen ? "This picture (held)" : "This picture");
  if (!held) return;
  const age = held.header.age_ms + held.way + now - held.arrived;
  byId("frozen-text").textContent = `${held.header.state} · frame ${number(held.header.seq)} · ${span(age)} old · ${kind === "ended" ? "the camera has ended" : "not live"}`;
}

/** Why a key or button did nothing; until the next one. */
function tell(text) {
  byId("told").textContent = text;
}

function option(what, value) {
  look[what] = value;
  viewing.redraw();
}

function opacity(percent) {
  byId("mask").value = Math.min(100, Math.max(0, percent));
  byId("mask-text").textContent = `${byId("mask").value}%`;
  option("mask", Number(byId("mask").value) / 100);
}

function toggled(id) {
  byId(id).checked = !byId(id).checked;
  option(id, byId(id).checked);
}

byId("mask").addEventListener("input", () => opacity(Number(byId("mask").value)));
for (const id of ["boxes", "regions"]) byId(id).addEventListener("change", () => option(id, byId(id).checked));
const act = { freeze: () => tell(viewing.toggle()), back: () => tell(viewing.step(-1)), forward: () => tell(viewing.step(1)), out: () => stage.step(-1), in: () => stage.step(1) };
for (const [id, does] of Object.entries(act)) byId(id).addEventListener("click", does);

keys([
  { keys: [" "], shown: "Space", says: "freeze, or back to live", act: act.freeze },
  { keys: ["ArrowLeft"], shown: "←", says: "one picture back", act: act.back },
  { keys: ["ArrowRight"], shown: "→", says: "one picture on", act: act.forward },
  { keys: ["l", "End"], shown: "l", says: "back to live", act: () => tell(viewing.live()) },
  { keys: ["+", "="], shown: "+", says: "closer", act: act.in },
  { keys: ["-"], says: "further away", act: act.out },
  { keys: ["0"], says: "the whole picture", act: () => stage.step(0) },
  { keys: ["w", "a", "s", "d"], says: "move what is seen, where one has zoomed in" },
  ...[["w", 0, -0.2], ["a", -0.2, 0], ["s", 0, 0.2], ["d", 0.2, 0]].map(([key, x, y]) => ({ keys: [key], act: () => stage.pan(x, y) })),
  { keys: ["["], says: "mask fainter", act: () => opacity(Number(byId("mask").value) - 10) },
  { keys: ["]"], says: "mask stronger", act: () => opacity(Number(byId("mask").value) + 10) },
  { keys: ["b"], says: "boxes around defects on or off", act: () => toggled("boxes") },
  { keys: ["r"], says: "regions on or off", act: () => toggled("regions") },
  { keys: ["i"], says: "incidents of this camera", act: () => { location.href = byId("to-incidents").href; } },
  { keys: ["Escape"], shown: "Esc", says: "back to the wall", act: () => { location.href = "/"; } },
]);

new Challenges(byId("challenges"), name);
byId("to-figures").href = `/figures?camera=${encodeURIComponent(name)}`;
byId("to-incidents").href = `/incidents?camera=${encodeURIComponent(name)}`;
setInterval(() => {
  const now = performance.now();
  const seen = plate.refresh(now, viewing.frozen);
  frozen(now, seen);
  const live = seen.kind === "ended" ? null : plate.shown;
  const arrives = toScreen !== null && !viewing.frozen && !seen.cover;
  facts(byId("now"), [...nowRows(plate.camera, live, now), ["capture to screen", arrives ? `${toScreen.toFixed(0)} ms` : "–"]]);
  tab.show(seen, bells.tick(now));
}, TICK_MS);
setInterval(() => {
  wish();
  spark.draw();
}, SLOW_TICK_MS);
setInterval(minutes, MINUTES_MS);
addEventListener("visibilitychange", wish);
minutes();
