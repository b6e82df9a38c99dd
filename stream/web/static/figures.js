// The page /figures: asks for the figures of a camera and a time, which stand in the address, and has them drawn.

import { make } from "./elements.js";
import { bars, parts } from "./figures_found.js";
import { plotted, shown, TONES } from "./figures_plot.js";
import { closer, DAY_MS, marks, STEPS, stepWords } from "./figures_steps.js";
import { keys } from "./keys.js";

const AGAIN_MS = 20_000;
const DAY_LONG = "00:00"; // of a line that has no shifts set: a calendar day is one
const LOST = "lost before capture";
const form = document.getElementById("asked");
const place = document.getElementById("plots");

function asked() {
  const words = new URLSearchParams(location.search);
  const span = words.get("span") in STEPS ? words.get("span") : "shift";
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(words.get("at") ?? "") ? words.get("at") : "";
  return { camera: words.get("camera") ?? "", span, at };
}

function address({ camera, span, at }) {
  const words = new URLSearchParams();
  if (camera) words.set("camera", camera);
  if (span !== "shift") words.set("span", span);
  if (at) words.set("at", at);
  return `/figures${words.size ? `?${words}` : ""}`;
}

async function read(path, words) {
  const query = new URLSearchParams(Object.entries(words).filter(([, value]) => value !== ""));
  const answer = await fetch(`${path}?${query}`, { signal: AbortSignal.timeout(10_000) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? `the line answered ${answer.status}`);
  return body;
}

/** The time that is shown: {since, until, now} in ms. */
async function time({ span, at }) {
  const told = await read("/api/shifts", { at });
  const around = span === "shift" ? told.shift : told.day;
  const since = around.since_ns / 1e6 - (span === "week" ? 6 * DAY_MS : 0);
  const shifts = told.each.length > 1 || told.each[0] !== DAY_LONG;
  form.span.options[0].text = shifts ? "shift" : "shift (none set: a day)";
  return { since, until: around.until_ns / 1e6, now: told.now_ns / 1e6, name: around.name, shifts };
}

const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
const date = (ms) => new Date(ms).toLocaleDateString([], { weekday: "short", day: "2-digit", month: "2-digit" });

function plotsOf(figures, window) {
  const { buckets } = figures, step = figures.step_s;
  const days = window.until - window.since > 1.5 * DAY_MS; // a day may have 25 hours
  const common = {
    times: buckets.map(({ utc_ns }) => utc_ns / 1e6), step_ms: step * 1000, since_ms: window.since, until_ms: window.until,
    marks: marks(window.since, window.until).map((ms) => ({ ms, word: days ? date(ms) : clock(ms) })),
    time: (ms) => (days ? `${date(ms)} ${clock(ms)}` : clock(ms)),
  };
  const rate = buckets.map(({ good, bad }) => (good + bad ? 100 * bad / (good + bad) : null));
  const frames = buckets.map((b) => (b.good + b.bad + b.unknown + b.dropped) / lasted(b.utc_ns / 1e6, step, window.now));
  return [
    { ...common, title: "BAD rate", unit: "% of GOOD and BAD frames", kind: "lines", series: [{ name: "BAD", tone: "bad", values: rate }] },
    { ...common, title: "Frames", unit: "frames per second", kind: "lines", series: [{ name: "captured", tone: "accent", values: frames }] },
    { ...common, title: "UNKNOWN and dropped", unit: "frames, by reason", kind: "stack", counted: "frames", series: reasons(buckets) },
    { ...common, title: "Latency", unit: "ms from capture to verdict", kind: "lines", series: [
      { name: "mean", tone: "accent", values: buckets.map((b) => b.latency_ms_mean) },
      { name: "greatest", tone: "unknown", dashed: true, values: buckets.map((b) => b.latency_ms_max) },
    ] },
  ];
}

/** How long a step has lasted by now, in seconds: the newest is not over. */
function lasted(begin_ms, step_s, now_ms) {
  return Math.max(1, Math.min(step_s, (now_ms - begin_ms) / 1000));
}

/** The most frequent reasons each, the rest together: as many as there are patterns. */
function reasons(buckets) {
  const totals = new Map();
  for (const bucket of buckets) for (const [reason, n] of Object.entries(bucket.reasons)) totals.set(reason, (totals.get(reason) ?? 0) + n);
  if (buckets.some(({ lost }) => lost)) totals.set(LOST, buckets.reduce((sum, { lost }) => sum + lost, 0));
  const ordered = [...totals].sort(([, a], [, b]) => b - a).map(([reason]) => reason);
  const own = ordered.length > TONES ? ordered.slice(0, TONES - 1) : ordered;
  const of = (bucket, reason) => (reason === LOST ? bucket.lost : bucket.reasons[reason] ?? 0);
  const series = own.map((reason) => ({ name: worded(reason), total: totals.get(reason), values: buckets.map((b) => of(b, reason)) }));
  if (own.length < ordered.length) {
    const rest = ordered.slice(own.length);
    const sum = (b) => rest.reduce((total, reason) => total + of(b, reason), 0);
    series.push({ name: `${rest.length} others`, total: buckets.reduce((total, b) => total + sum(b), 0), values: buckets.map(sum) });
  }
  return series;
}

function worded(reason) {
  if (reason === LOST) return LOST;
  return reason.startsWith("dropped:") ? `dropped, ${reason.slice(8).replaceAll("_", " ")}` : `UNKNOWN, ${reason}`;
}

function sums(buckets, found, window) {
  const total = (name) => buckets.reduce((sum, bucket) => sum + bucket[name], 0);
  const good = total("good"), bad = total("bad");
  const rows = [
    [shown(good + bad + total("unknown") + total("dropped")), "frames"],
    [good + bad ? `${shown(100 * bad / (good + bad))} %` : "–", "BAD rate"],
    [shown(bad), "BAD frames"],
    [shown(found.incidents), "incidents"],
    [shown(total("unknown")), "UNKNOWN"],
    [shown(total("dropped")), "dropped"],
    [shown(total("lost")), "lost before capture"],
  ];
  const parts = Object.values(found.parts).reduce((sum, n) => sum + n, 0);
  if (parts) rows.push([`${shown(found.parts.BAD ?? 0)} of ${shown(parts)}`, "parts BAD"]);
  document.getElementById("sums").replaceChildren(...rows.map(([value, word]) => make("li", "", make("strong", "", value), make("span", "", word))));
}

function links(wish, window) {
  const at = (ms) => new Date(ms).toISOString();
  const set = (id, where, off) => {
    const link = document.getElementById(id);
    link.href = address(where);
    link.setAttribute("aria-disabled", String(off));
    link.tabIndex = off ? -1 : 0;
  };
  const back = wish.span === "week" ? window.until - 8 * DAY_MS + 3_600_000 : window.since - 60_000;
  const on = wish.span === "week" ? window.until + 6 * DAY_MS : window.until + 60_000;
  set("before", { ...wish, at: at(back) }, false);
  set("after", { ...wish, at: on > window.now ? "" : at(on) }, window.until > window.now);
  set("now", { ...wish, at: "" }, !wish.at);
  document.getElementById("report").href = `/report?${wish.span === "shift" ? "shift" : "day"}=${encodeURIComponent(window.name)}`;
}

/** The time that is shown, and what one step of a plot is. */
function said({ span }, window, near, step_s) {
  const day = date(window.since);
  const shift = window.shifts ? `${day} ${clock(window.since)} – ${clock(window.until)}` : day;
  const whole = { shift, day, week: `${day} – ${date(window.until - 1)}` }[span];
  const from = near && (span === "week" ? `${date(near.since)} ${clock(near.since)}` : clock(near.since));
  const alone = near ? `; the plots show ${from} – ${clock(near.until)}, as there is nothing else` : "";
  return `${whole}${alone}, in steps of ${stepWords(step_s)}`;
}

async function show() {
  const wish = asked(), wrong = document.getElementById("wrong"), note = document.getElementById("note");
  form.camera.value = wish.camera;
  form.span.value = wish.span;
  try {
    const window = await time(wish);
    const words = { camera: wish.camera, since: new Date(window.since).toISOString(), until: new Date(window.until).toISOString() };
    const [coarse, defects] = await Promise.all([read("/api/figures", { ...words, step_s: STEPS[wish.span] }), read("/api/figures/defects", words)]);
    const near = closer(window, coarse.buckets.map(({ utc_ns }) => utc_ns / 1e6), coarse.step_s);
    const figures = near ? await finer(words, near) : coarse;
    if (address(asked()) !== address(wish)) return;
    links(wish, window);
    document.getElementById("when").textContent = said(wish, window, near, figures.step_s);
    sums(coarse.buckets, defects.found, window);
    note.textContent = figures.note || (defects.found.left_out ? `Kinds and regions are those of the newest ${shown(defects.found.incidents - defects.found.left_out)} incidents.` : "");
    note.hidden = !note.textContent;
    const focused = [...place.querySelectorAll("svg")].indexOf(document.activeElement);
    const open = new Set([...place.querySelectorAll("details[open]")].map((details) => details.closest("section").querySelector("h2").textContent));
    const one = wish.camera !== "" || form.camera.options.length <= 2;
    const panels = [
      ...plotsOf(figures, { ...window, ...near }).map(plotted),
      bars("Defects by kind", "incidents", defects.found.kinds, one),
      bars("Defects by region", "incidents", defects.found.regions, one),
      ...(Object.keys(defects.found.parts).length ? [parts(defects.found, clock)] : []),
    ];
    if (focused === -1) place.replaceChildren(...panels); // whoever reads values keeps them
    for (const details of place.querySelectorAll("details")) details.open = open.has(details.closest("section").querySelector("h2").textContent);
    wrong.hidden = true;
    document.documentElement.dataset.shown = address(wish);
  } catch (error) {
    wrong.textContent = `The figures cannot be had: ${error.message}`;
    wrong.hidden = false;
  }
}

function finer(words, { since, until, step_s }) {
  return read("/api/figures", { ...words, since: new Date(since).toISOString(), until: new Date(until).toISOString(), step_s });
}

async function cameras() {
  const status = await read("/api/status", {});
  const wanted = asked().camera;
  const names = [...new Set([...status.cameras.map(({ name }) => name), ...(wanted ? [wanted] : [])])];
  form.camera.append(...names.map((name) => { const option = make("option", "", name); option.value = name; return option; }));
}

function go(to) {
  history.pushState(null, "", to);
  document.activeElement?.blur?.();
  show();
}

form.addEventListener("change", () => go(address({ ...asked(), camera: form.camera.value, span: form.span.value })));
form.addEventListener("submit", (event) => event.preventDefault());
for (const id of ["before", "after", "now"]) {
  document.getElementById(id).addEventListener("click", (event) => {
    event.preventDefault();
    if (event.currentTarget.getAttribute("aria-disabled") === "true") return;
    go(event.currentTarget.getAttribute("href"));
  });
}
addEventListener("popstate", show);
const press = (id) => document.getElementById(id).click();
keys([
  { keys: ["e"], says: "the time before", act: () => press("before") },
  { keys: ["l"], says: "the time after", act: () => press("after") },
  { keys: ["n"], says: "now", act: () => press("now") },
  { keys: ["r"], says: "the report of it", act: () => press("report") },
  { keys: ["←", "→"], says: "in a plot: read the values before and after; Home and End, too" },
]);
await cameras().catch(() => {});
await show();
setInterval(() => { if (!document.hidden && !asked().at) show(); }, AGAIN_MS);
