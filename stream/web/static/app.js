// Puts the wall together: the connection feeds cameras, incidents and alarms; the clock covers what is no longer true.

import { Bells } from "./bells.js";
import { facts, make } from "./elements.js";
import { Evidence } from "./evidence.js";
import { Incidents } from "./incidents.js";
import { keys } from "./keys.js";
import { counted } from "./rules.js";
import { connect } from "./socket.js";
import { Tab } from "./tab.js";
import { Wall } from "./wall.js";

const TICK_MS = 100;
const LOOK_MS = 500;
const ROLES_MOST = 8; // that are named one by one
const HIDDEN_PX = 160; // a page that nobody sees still says how the line is, in its title
const WELL = new Set(["running", "starting", "stopped"]);
const byId = (id) => document.getElementById(id);

const bells = new Bells();
const tab = new Tab("Linewatch");
const wall = new Wall(byId("wall"), byId("camera"), () => bells.sound.becameBad(performance.now()));
const incidents = new Incidents(byId("incidents"), byId("no-incidents"), byId("incidents-count"));
const evidence = new Evidence(byId("evidence"), incidents);

function status(said) {
  wall.status(said.cameras, performance.now());
  incidents.total(said.cameras);
  bells.take(said);
  facts(byId("about"), about(said));
  const ended = new Set(said.cameras.filter(({ state }) => state === "ended").map(({ name }) => `capture ${name}`));
  list(byId("roles"), roles(said.roles.map((one) => role(one, ended.has(one.role)))));
}

function about(said) {
  const { latency_p50_ms: half, latency_p99_ms: most } = said;
  return [
    ["engine", said.engine || "–"],
    ["bundle", said.bundle_id || "–"],
    ...(said.recipe ? [["recipe", said.recipe]] : []),
    ["capture to verdict", half === null || most === null ? "–" : `${half.toFixed(0)} / ${most.toFixed(0)} ms`],
  ];
}

/** Of many processes those that simply run are a number: what is not so is to be found. */
function roles(all) {
  const plain = all.filter((one) => one.textContent.endsWith(" running"));
  if (all.length <= ROLES_MOST || plain.length < 2) return all;
  return [...all.filter((one) => !plain.includes(one)), make("span", "", `${plain.length} processes running`)];
}

/** `over`: its process stands by, but what it read has ended. */
function role({ role: name, state, restarts, text }, over) {
  const again = restarts ? ` · ${counted(restarts, "restart")}` : "";
  const made = make("span", "", `${name} ${over && state === "running" ? "ended" : state}${again}${text ? ` · ${text}` : ""}`);
  made.dataset.well = WELL.has(state);
  return made;
}

/** Replaces children only where their words have changed. */
function list(root, children) {
  const said = children.map((child) => child.textContent).join("\n");
  if (root.said === said) return;
  root.said = said;
  root.replaceChildren(...children);
}

const line = connect({
  open: () => bells.linked(true),
  close: () => bells.linked(false),
  said: (message) => {
    if (message.kind === "status") status(message);
    if (message.kind === "incidents") {
      incidents.take(message.incidents);
      evidence.step();
      evidence.goOn();
    }
  },
  picture: (message, done) => wall.picture(message).catch(console.error).finally(done),
});

/** Says how wide each camera is shown, so that none is sent wider. */
function look() {
  const widths = wall.widths();
  if (!Object.keys(widths).length) return;
  if (document.hidden) for (const name of Object.keys(widths)) widths[name] = HIDDEN_PX;
  line.look(widths);
}

setInterval(look, LOOK_MS);
addEventListener("visibilitychange", look);
addEventListener("resize", () => wall.arrange());
setInterval(() => {
  const now = performance.now();
  const worst = wall.refresh(now);
  tab.show(worst, bells.tick(now));
}, TICK_MS);

keys([
  { keys: ["ArrowRight", "ArrowDown", "j"], shown: "→ ↓ j", says: "the next camera", act: () => wall.focus(1) },
  { keys: ["ArrowLeft", "ArrowUp", "k"], shown: "← ↑ k", says: "the camera before", act: () => wall.focus(-1) },
  { keys: ["Enter"], says: "opens the camera, large" },
  { keys: ["i"], says: "all incidents", act: () => { location.href = "/incidents"; } },
]);

addEventListener("hashchange", () => evidence.follow(location.hash));
evidence.follow(location.hash);
