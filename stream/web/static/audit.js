// The page of the audit: who changed what, when, from what to what; a page of it at a time, its place in the address.

import { make } from "./elements.js";
import { get } from "./review_calls.js";
import { filterOf, searchOf } from "./review_filters.js";
import { FilterForm } from "./review_form.js";
import { offer } from "./review_menus.js";
import { asked } from "./review_shift.js";
import { plain, stamp, VERDICTS, verdictOf } from "./review_words.js";
import { keys } from "./keys.js";
import { number } from "./rules.js";

const KNOWN = ["kind", "who", "subject", "when", "since", "until"];
const PLACE = "after"; // which page of the list
const ROWS = 100;
const HEADS = document.querySelectorAll(".acts th");
const byId = (id) => document.getElementById(id);

const form = new FilterForm(byId("filters"), (filter) => go(searchOf(filter, KNOWN)));
let turn = 0;

function go(search) {
  if (search === location.search) return;
  history.pushState(null, "", `/audit${search}`);
  show();
}

async function show() {
  const mine = ++turn;
  const filter = filterOf(location.search, KNOWN);
  const { after = "" } = filterOf(location.search, [PLACE]);
  form.fill(filter);
  byId("reset").hidden = !location.search;
  const { ok, error, body } = await get("/api/acts", { ...await asked(filter), after, limit: ROWS });
  if (mine !== turn) return;
  const acts = body?.acts ?? [];
  byId("rows").replaceChildren(...acts.map(row));
  byId("count").textContent = ok ? body.note || said(acts.length, after, body.next) : `${error}.`;
  link(byId("newest"), after ? searchOf(filter, KNOWN) || "?" : null);
  link(byId("older"), body?.next ? searchOf({ ...filter, after: body.next }, [...KNOWN, PLACE]) : null);
}

function said(count, after, next) {
  if (!count) return location.search ? "None that fit." : "Nobody has done anything yet; the entries of the chain vouch for verdicts.";
  return !after && !next ? `all ${number(count)}` : `${number(count)} shown${next ? ", there are older ones" : ", the oldest"}`;
}

function link(element, search) {
  element.hidden = search === null;
  element.href = `/audit${search ?? ""}`;
}

function row(act) {
  const at = new Date(act.utc_ns / 1e6);
  const when = make("td", "nowrap", make("span", "", `${stamp(at).replace("T", " ")}:${String(at.getSeconds()).padStart(2, "0")}`));
  when.title = `${act.utc} UTC`;
  const cells = [make("td", "number", make("span", "", number(act.number))), when,
    make("td", "", make("span", "", make("bdi", "", plain(act.who)), " ", make("small", "soft", act.role))), make("td", "", make("span", "", plain(act.kind))),
    make("td", "", about(act)), value(act.kind, act.old), value(act.kind, act.new)];
  cells.forEach((cell, at) => { cell.dataset.head = HEADS[at].textContent; }); // what a phone shows beside it
  return make("tr", "", ...cells);
}

/** What an act is about; of a frame, the way to it. */
function about({ kind, subject }) {
  const frame = /^[A-Za-z0-9_-]{1,32}\/\d{1,16}\/\d{1,15}$/.test(subject);
  if (!frame || !["review", "pin"].includes(kind)) return make("bdi", "", plain(subject));
  const way = make("a", "", subject);
  way.href = `/incidents#${subject}`;
  return way;
}

function value(kind, text) {
  const cell = make("td");
  cell.append(Object.assign(make("div", "value", words(kind, text)), { dir: "auto" }));
  return cell;
}

/** A value for people: a review in words, all else as it stands. */
function words(kind, text) {
  if (kind === "pin") return { 0: "not pinned", 1: "pinned" }[text] ?? plain(text);
  if (kind === "review" && text in VERDICTS) return verdictOf(text).word;
  if (kind !== "review" || !text.startsWith("{")) return plain(text);
  try {
    const { verdict, comment, boxes } = JSON.parse(text);
    return [verdictOf(verdict).word, boxes?.length ? `${boxes.length} marked` : "", comment ? `“${plain(comment)}”` : ""].filter(Boolean).join(", ");
  } catch {
    return plain(text);
  }
}

async function head() {
  const { body } = await get("/api/audit/head");
  byId("head").textContent = body?.head || "none yet";
  if (body?.head) byId("head-again").textContent = body.head;
}

document.addEventListener("click", (event) => {
  const way = event.target.closest?.("#older, #newest, #reset");
  if (!way || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", way.getAttribute("href"));
  show();
});
addEventListener("popstate", show);
keys([
  { keys: ["o"], says: "older acts", act: () => byId("older").hidden || byId("older").click() },
  { keys: ["n"], says: "the newest", act: () => byId("newest").hidden || byId("newest").click() },
  { keys: ["/"], says: "what to look for", act: () => byId("filters").elements.kind.focus() },
]);
offer(form, { kind: "act_kinds", who: "people" });
head();
show();
