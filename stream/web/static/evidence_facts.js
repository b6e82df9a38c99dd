// All that is on record of one judged frame, in words: measures, scores, stages, what it was judged by, hashes.

import { facts, make } from "./elements.js";
import { clock, day, number, scored } from "./rules.js";
import { plain } from "./review_words.js";

const STAGES = ["preprocess", "classify", "segment", "postprocess"];

/** Elements that say what an incident's or a sample's `evidence` holds; `row` says what the log has of it. */
export function record(row, evidence) {
  return [
    evidence?.defects?.length ? make("h3", "", "Defects ", make("small", "soft", evidence.mm_per_px ? "px, below them mm" : "px")) : null,
    evidence?.defects?.length ? make("div", "scroll", defects(evidence.defects, evidence.mm_per_px)) : null,
    evidence?.regions?.length ? make("h3", "", "Regions") : null,
    evidence?.regions?.length ? list(evidence.regions.map(region)) : null,
    make("h3", "", "On record"),
    list(rows(row, evidence ?? {})),
    evidence ? make("h3", "", "Files, by SHA-256") : null,
    evidence ? list(Object.entries(evidence.files_sha256 ?? {}), true) : null,
  ].filter(Boolean);
}

function rows(row, found) {
  const stages = (found.stages_ms ?? []).map((ms, index) => `${STAGES[index] ?? "?"} ${ms.toFixed(1)}`).join("\n");
  const after = (found.judged_mono_ns - found.captured_mono_ns) / 1e6;
  const at = found.captured_utc_ns ?? row.utc_ns;
  return [
    ["captured", `${day(at)} ${clock(at)}`],
    ["captured, UTC", (found.captured_utc ?? row.utc)?.slice(0, 23).replace("T", " ")],
    ["frames", row.frames ? `${number(row.frames)} BAD, #${number(row.first_seq)} to #${number(row.last_seq)}` : null],
    ["verdict after", Number.isFinite(after) ? `${after.toFixed(0)} ms` : null],
    ["stages, ms", stages],
    ["time in source", typeof found.pts_s === "number" ? `${found.pts_s.toFixed(3)} s` : null],
    ["picture", found.width ? `${found.width} × ${found.height} px` : null],
    ["scale", found.mm_per_px ? `${found.mm_per_px} mm/px` : null],
    ["part", found.part ?? row.part],
    ["run", row.run],
    ["bundle", found.bundle_id ?? row.bundle],
    ["recipe", found.recipe ?? row.recipe],
    ["settings", found.settings_id ?? row.settings],
    ["inspector", found.inspector],
    ["computer", found.host],
    ["reason", found.reason],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "").map(([word, value]) => [word, plain(value)]);
}

function region(one) {
  const said = typeof one.score === "number" ? `score ${scored(one.score)}` : one.reason;
  return [plain(one.name), plain([one.state, said].filter(Boolean).join(", "))];
}

function list(rowsOf, code = false) {
  const made = make("dl", "record");
  facts(made, rowsOf);
  for (const value of made.querySelectorAll("dd")) value.dir = "auto";
  if (code) for (const value of made.querySelectorAll("dd")) value.className = "code";
  return made;
}

function defects(found, scale) {
  const size = (px) => px.toFixed(1) + (scale ? `\n${(px * scale).toFixed(2)}` : "");
  const named = found.some((d) => d.region);
  const words = ["#", "kind", "score", "area", "length", "width", "at", ...(named ? ["region"] : [])];
  const head = words.map((word) => make("th", "", word));
  const body = found.map((d, index) => make("tr", "", ...[
    String(index + 1), make("bdi", "", plain(d.kind)), scored(d.score), number(d.area_px), size(d.length_px), size(d.width_px), `${d.box[0]}, ${d.box[1]}`,
    ...(named ? [make("bdi", "", plain(d.region))] : []),
  ].map((said) => make("td", "", said))));
  return make("table", "measures", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...body));
}
