// What is said of one camera beside its picture: rows for `facts`. Pure, but for the clock that it is given.

import { ages, clock, counted, day, number, scored, span } from "./rules.js";

/** live: {header, arrived}, or null. */
export function nowRows(camera, live, now) {
  return [
    ["age", live ? span(ages(live, now).age) : "–"],
    ["frames/s", camera ? camera.fps.toFixed(1) : "–"],
    ["frame", live ? number(live.header.seq) : "–"],
    ["verdict after", live ? `${live.header.latency_ms.toFixed(0)} ms` : "–"],
    ["waiting", camera ? number(camera.waiting) : "–"],
    ...(live?.header.part ? [["part", live.header.part]] : []),
    ...(camera?.lost ? [["lost before capture", number(camera.lost)]] : []),
    ...(camera?.part ? [["last part", camera.part_state, { name: camera.part_state.toLowerCase(), small: camera.part }]] : []),
    ...clockRows(camera?.clock),
  ];
}

function clockRows(own) {
  if (!own) return [];
  const offset = `${own.offset_ms > 0 ? "+" : ""}${own.offset_ms.toFixed(1)} ms`;
  return [
    ["camera clock", offset, { small: `${own.drift_ppm.toFixed(1)} ppm` }],
    ["late by", `${own.late_ms.toFixed(1)} ms`, { small: `at most ${own.late_most_ms.toFixed(1)} ms` }],
  ];
}

export function shownRows(header) {
  if (!header) return [];
  return [
    ["state", header.state, { name: header.state.toLowerCase(), some: true }],
    ["frame", number(header.seq)],
    ["score", header.score === null ? "–" : scored(header.score, header.threshold ?? null)],
    ...(typeof header.threshold === "number" ? [["BAD from", scored(header.threshold, header.threshold)]] : []),
    ...(header.reason ? [["reason", header.reason]] : []),
    ["captured", clock(header.captured_utc_ns), { small: day(header.captured_utc_ns) }],
    ...(header.part ? [["part", header.part]] : []),
    ...(header.recipe ? [["recipe", header.recipe]] : []),
    ["size", `${header.width} × ${header.height} px`],
  ];
}

export function defectWords({ kind, score, length_px, width_px, area_px, region }) {
  return `${kind} ${scored(score)}, ${length_px.toFixed(1)} × ${width_px.toFixed(1)} px, ${number(area_px)} px²${region ? `, ${region}` : ""}`;
}

export function ledgerRows(camera) {
  if (!camera) return [];
  const dropped = Object.values(camera.dropped).reduce((sum, count) => sum + count, 0);
  const open = Math.max(0, camera.captured - camera.good - camera.bad - camera.unknown - dropped);
  const reasons = Object.entries(camera.dropped).map(([reason, count]) => `${reason} ${number(count)}`).join(", ");
  const closed = camera.ledger_closed;
  return [
    ["captured", number(camera.captured)],
    ["GOOD", number(camera.good), { name: "good" }],
    ["BAD", number(camera.bad), { name: "bad", some: camera.bad }],
    ["UNKNOWN", number(camera.unknown), { name: "unknown", some: camera.unknown }],
    ["dropped", number(dropped), { small: reasons }],
    ["ledger", !camera.captured ? "empty" : closed ? "closed" : "open", { small: !camera.captured ? "no picture yet" : closed ? "every frame accounted for" : `${number(open)} on their way` }],
  ];
}

/** Of the steps that /api/figures gives. */
export function minuteRows(buckets) {
  const sum = (name) => buckets.reduce((all, bucket) => all + bucket[name], 0);
  const [good, bad, unknown, dropped] = ["good", "bad", "unknown", "dropped"].map(sum);
  const judged = good + bad + unknown;
  const reasons = {};
  for (const bucket of buckets) for (const [reason, count] of Object.entries(bucket.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  const worst = Object.entries(reasons).sort((a, b) => b[1] - a[1]).slice(0, 6);
  return [
    ["judged", number(judged)],
    ["BAD", judged ? `${((100 * bad) / judged).toFixed(2)} %` : "–", { name: "bad", some: bad, small: counted(bad, "frame") }],
    ["UNKNOWN", judged ? `${((100 * unknown) / judged).toFixed(2)} %` : "–", { name: "unknown", some: unknown, small: counted(unknown, "frame") }],
    ...(dropped ? [["dropped", number(dropped)]] : []),
    ...worst.map(([reason, count]) => [reason, number(count)]),
  ];
}
