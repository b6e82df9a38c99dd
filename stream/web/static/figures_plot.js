// One plot over time, drawn as SVG: lines or stacked bars, axes with units, values under the pointer or by the arrow
// keys, and the same as a table. Knows numbers and words; not where they come from.

import { make } from "./elements.js";

const NS = "http://www.w3.org/2000/svg";
const LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 26, HEIGHT = 208;
// Behind a colour, a mark: stripes, dots, waves. Drawn over the ground, in the panel's colour.
const MARKS = ["", "M0 8L8 0M-2 2L2 -2M6 10L10 6", "M4 3v2M3 4h2", "M0 0L8 8M-2 6L2 10M6 -2L10 2", "M0 4H8"];
export const TONES = MARKS.length;
let plots = 0;

export function drawn(tag, given, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Round numbers between 0 and something not below `most`, about four of them. */
export function ticks(most) {
  if (!(most > 0)) return [0, 1];
  const raw = most / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => n * step);
}

/** A number in few signs. */
export function shown(value) {
  if (value === null || value === undefined) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** The patterns of one plot, for pieces that are told apart. */
function patterns(id) {
  return drawn("defs", {}, ...MARKS.map((path, n) => drawn(
    "pattern", { id: `${id}-${n}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    drawn("rect", { width: 8, height: 8, class: `ground-${n}` }), drawn("path", { d: path || "M0 0", class: "mark" }),
  )));
}

/** What a pattern looks like, for the legend. */
function swatch(id, n) {
  const svg = drawn("svg", { viewBox: "0 0 24 14", "aria-hidden": "true" }, drawn("rect", { width: 24, height: 14, fill: `url(#${id}-${n % TONES})` }));
  return svg;
}

/**
 * A panel with a plot. `plot`: {title, unit, kind: "lines" | "stack", series: [{name, tone, dashed, values}], times (ms),
 * step_ms, since_ms, until_ms, marks: [{ms, word}], time(ms) → words, counted: the unit in few words}. Steps without frames have null: no line is drawn through them.
 */
export function plotted(plot) {
  const id = `plot-${++plots}`;
  const reading = make("output", "reading", resting(plot));
  const svg = drawn("svg", { tabindex: 0, role: "img", "aria-label": `${plot.title}, ${plot.unit}. Arrow keys read the values; the table below has all of them.` });
  const panel = make("section", "panel plot", make("header", "", make("h2", "", plot.title), make("span", "soft", plot.unit)), svg, reading);
  const draw = () => fill(svg, plot, id, Math.max(260, svg.clientWidth || 600));
  let scale = null, at = null;
  const show = (index) => {
    at = index;
    scale.cursor(index);
    reading.textContent = index === null ? resting(plot) : words(plot, index);
  };
  const redraw = () => { scale = draw(); show(at); };
  new ResizeObserver(redraw).observe(svg);
  svg.addEventListener("pointermove", (event) => show(scale.nearest(event.clientX - svg.getBoundingClientRect().left)));
  svg.addEventListener("pointerleave", () => document.activeElement === svg || show(null));
  svg.addEventListener("blur", () => show(null));
  svg.addEventListener("keydown", (event) => {
    const next = moved(event.key, at, plot.times.length);
    if (next === undefined) return;
    event.preventDefault();
    show(next);
  });
  if (plot.kind === "stack" || plot.series.length > 1) panel.append(legend(plot, id));
  panel.append(table(plot));
  scale = draw();
  return panel;
}

/** Where a key leads to; undefined: it is not ours. */
function moved(key, at, count) {
  if (!count) return undefined;
  return { ArrowRight: Math.min(count - 1, at === null ? 0 : at + 1), ArrowLeft: at === null ? count - 1 : Math.max(0, at - 1), Home: 0, End: count - 1, Escape: null }[key];
}

function resting(plot) {
  return plot.times.length ? "Point at it, or use the arrow keys, to read values." : "No frames in this time.";
}

function words(plot, index) {
  const said = plot.series.filter(({ values }) => values[index]).map(({ name, values }) => `${name} ${shown(values[index])}`);
  return `${plot.time(plot.times[index])}: ${said.join(", ") || plot.series.map(({ name, values }) => `${name} ${shown(values[index])}`)[0]} ${plot.counted ?? plot.unit}`;
}

function legend(plot, id) {
  return make("ul", "legend", ...plot.series.map((series, n) => make("li", "", plot.kind === "stack" ? swatch(id, n) : stroke(series), `${series.name}${series.total === undefined ? "" : `: ${shown(series.total)}`}`)));
}

function stroke(series) {
  return drawn("svg", { viewBox: "0 0 24 14", "aria-hidden": "true" }, drawn("path", { d: "M0 7H24", class: `line tone-${series.tone}${series.dashed ? " dashed" : ""}` }));
}

function table(plot) {
  const head = make("tr", "", make("th", "", "Time"), ...plot.series.map(({ name }) => make("th", "number", name)));
  const rows = plot.times.map((time, n) => make("tr", "", make("td", "", plot.time(time)), ...plot.series.map(({ values }) => make("td", "number", shown(values[n])))));
  const found = make("table", "table", make("caption", "unseen", `${plot.title}, ${plot.unit}`), make("thead", "", head), make("tbody", "", ...rows));
  return make("details", "", make("summary", "", "As a table"), make("div", "scroll", found));
}

/** Draws it for a width; what finds the step at a place, and shows one. */
function fill(svg, plot, id, width) {
  const most = plot.kind === "stack"
    ? Math.max(0, ...plot.times.map((_, n) => plot.series.reduce((sum, { values }) => sum + (values[n] ?? 0), 0)))
    : Math.max(0, ...plot.series.flatMap(({ values }) => values.filter((value) => value !== null)));
  const marks = ticks(most), top = marks[marks.length - 1];
  const x = (ms) => LEFT + (ms - plot.since_ms) / (plot.until_ms - plot.since_ms) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
  const middle = plot.times.map((time) => x(time + plot.step_ms / 2));
  const cursor = drawn("g", {});
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren(patterns(id), grid(marks, y, width), times(plot, x, width), plot.kind === "stack" ? stack(plot, x, y, id) : lines(plot, middle, y), cursor);
  return {
    nearest: (px) => middle.length ? middle.reduce((best, place, n) => Math.abs(place - px) < Math.abs(middle[best] - px) ? n : best, 0) : null,
    cursor: (index) => cursor.replaceChildren(...(index === null ? [] : pointed(plot, index, middle[index], y))),
  };
}

function grid(marks, y, width) {
  return drawn("g", {}, ...marks.flatMap((mark) => [
    drawn("line", { x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark), class: mark ? "grid" : "axis" }),
    drawn("text", { x: LEFT - 6, y: y(mark) + 4, "text-anchor": "end" }, shown(Number(mark.toPrecision(6)))),
  ]));
}

function times(plot, x, width) {
  const room = Math.max(2, Math.floor((width - LEFT) / 90));
  const every = Math.max(1, Math.ceil(plot.marks.length / room));
  return drawn("g", {}, ...plot.marks.filter((_, n) => n % every === 0).map(({ ms, word }) => drawn("text", { x: x(ms), y: HEIGHT - 8, "text-anchor": x(ms) > width - 40 ? "end" : "middle" }, word)));
}

function lines(plot, middle, y) {
  return drawn("g", {}, ...plot.series.flatMap((series) => {
    const pieces = [], alone = [];
    const joined = (n) => n > 0 && n < plot.times.length && series.values[n - 1] !== null && series.values[n] !== null && plot.times[n] - plot.times[n - 1] <= plot.step_ms * 1.5;
    series.values.forEach((value, n) => {
      if (value === null) return;
      pieces.push(`${joined(n) ? "L" : "M"}${middle[n].toFixed(1)} ${y(value).toFixed(1)}`);
      if (!joined(n) && !joined(n + 1)) alone.push(drawn("circle", { cx: middle[n], cy: y(value), r: 3, class: `tone-${series.tone}` })); // no line would show it
    });
    return [...alone, drawn("path", { d: pieces.join("") || "M0 0", class: `line tone-${series.tone}${series.dashed ? " dashed" : ""}`, "stroke-linecap": "round" })];
  }));
}

function stack(plot, x, y, id) {
  const bars = drawn("g", {});
  plot.times.forEach((time, n) => {
    let below = 0;
    plot.series.forEach(({ values }, s) => {
      if (!values[n]) return;
      const left = x(time), right = x(time + plot.step_ms);
      bars.append(drawn("rect", { x: left, width: Math.max(1.5, right - left - 0.5), y: y(below + values[n]), height: Math.max(1, y(below) - y(below + values[n])), fill: `url(#${id}-${s % TONES})`, class: "piece" }));
      below += values[n];
    });
  });
  return bars;
}

function pointed(plot, index, place, y) {
  const line = drawn("line", { x1: place, x2: place, y1: TOP, y2: HEIGHT - BOTTOM, class: "cursor" });
  const dots = plot.kind === "stack" ? [] : plot.series.filter(({ values }) => values[index] !== null).map(({ values, tone }) => drawn("circle", { cx: place, cy: y(values[index]), r: 4, class: `dot tone-${tone}` }));
  return [line, ...dots];
}
