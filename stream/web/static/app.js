// Puts the page together: the connection feeds the wall, the incidents, the alarms; the clock covers what is no longer true.

import { facts, make } from "./elements.js";
import { Evidence } from "./evidence.js";
import { Incidents } from "./incidents.js";
import { number } from "./rules.js";
import { connect } from "./socket.js";
import { Wall } from "./wall.js";

const TICK_MS = 100;
const WELL = new Set(["running", "starting", "stopped"]);
const byId = (id) => document.getElementById(id);

const wall = new Wall(byId("wall"), byId("camera"));
const incidents = new Incidents(byId("incidents"), byId("no-incidents"), byId("incidents-count"));
const evidence = new Evidence(byId("evidence"), incidents);

function status(said) {
  wall.status(said.cameras, performance.now());
  incidents.total(said.cameras);
  byId("line").textContent = said.line;
  facts(byId("about"), about(said));
  list(byId("alarms"), said.alarms.map((alarm) => make("li", "", alarm)));
  list(byId("roles"), said.roles.map(role));
}

function about(said) {
  const { latency_p50_ms: half, latency_p99_ms: most } = said;
  return [
    ["engine", said.engine || "–"],
    ["bundle", said.bundle_id || "–"],
    ["capture to verdict", half === null || most === null ? "–" : `${half.toFixed(0)} / ${most.toFixed(0)} ms`],
  ];
}

function role({ role: name, state, restarts, text }) {
  const again = restarts ? ` · ${number(restarts)} restarts` : "";
  const made = make("span", "", `${name} ${state}${again}${text ? ` · ${text}` : ""}`);
  made.dataset.well = WELL.has(state);
  return made;
}

/** Replaces children only where their words have changed: a screen reader must not hear an alarm five times a second. */
function list(root, children) {
  const said = children.map((child) => child.textContent).join("\n");
  if (root.said === said) return;
  root.said = said;
  root.replaceChildren(...children);
}

function linked(on) {
  byId("link").dataset.on = on;
  byId("link-text").textContent = on ? "connected" : "connection lost, trying again…";
}

connect({
  open: () => linked(true),
  close: () => linked(false),
  said: (message) => {
    if (message.kind === "status") status(message);
    if (message.kind === "incidents") {
      incidents.take(message.incidents);
      evidence.step();
      evidence.goOn();
    }
  },
  picture: (header, jpeg, done) => wall.picture(header, jpeg, performance.now()).catch(console.error).finally(done),
});

setInterval(() => {
  const worst = wall.refresh(performance.now());
  const title = worst ? `${worst.word} · Linewatch` : "Linewatch";
  if (document.title !== title) document.title = title;
}, TICK_MS);

addEventListener("hashchange", () => evidence.follow(location.hash));
evidence.follow(location.hash);
