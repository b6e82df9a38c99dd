// The page of incidents: what an incident is to the reviewer's desk.

import { scaleOf } from "./incidents_scale.js";
import { get } from "./review_calls.js";
import { Desk } from "./review_desk.js";
import { chip, tile, word } from "./review_tile.js";
import { length, moment } from "./review_words.js";
import { verdictOf } from "./review_sayings.js";
import { counted, scored } from "./rules.js";

const byId = (id) => document.getElementById(id);
const API = "/api/incidents";
const scales = new Map(); // mm per px of cameras that are calibrated

const incidents = {
  path: "/incidents",
  api: API,
  label: "Incidents, newest first",
  known: ["camera", "when", "since", "until", "review", "part", "score_min", "score_max", "length_min_px", "length_min_mm", "area_min_px", "bundle", "recipe", "pinned", "has_evidence"],
  verdicts: [["defect", "D"], ["false_alarm", "F"], ["unsure", "U"]],
  marking: "defect",
  filmed: true,
  menus: { camera: "cameras", bundle: "bundles", recipe: "recipes" },

  /** Lengths in mm are lengths in px of that camera. */
  async asked({ length_min_mm: mm, ...words }) {
    const scale = words.camera ? await scaleOf(words.camera) : undefined;
    byId("length-mm").hidden = !scale;
    return mm && scale ? { ...words, length_min_px: Math.max(mm / scale, words.length_min_px ?? 0) } : words;
  },

  rowsOf({ incidents: rows }) {
    for (const camera of new Set(rows.map(({ camera: name }) => name))) if (!scales.has(camera)) learn(camera);
    return rows;
  },

  key: ({ camera, run, first_seq: seq }) => `${camera}/${run}/${seq}`,
  frame: ({ camera, run, worst_seq: seq }) => ({ camera, run, seq }),
  folder: ({ evidence }) => (evidence ? `/${evidence}` : null),
  scale: ({ camera }) => scales.get(camera),
  holds: (row, { camera, run, seq }) => row.camera === camera && row.run === run && row.first_seq <= seq && seq <= row.last_seq,

  tile(row, { current, verdict, saved, pinned, error }) {
    const frames = counted(row.frames, "frame");
    const strong = document.createElement("strong");
    strong.textContent = moment(row.utc_ns, new Date());
    return tile(incidents.frame(row), row.thumb, current, [
      [strong, pinned ? span("pinned", "◆ pinned") : null, row.challenge ? span("pinned", "known-bad part") : null],
      [span("score", `BAD ${scored(row.worst_score)}`), row.length_px ? length(row.length_px, scales.get(row.camera)) : null],
      [word(row.camera), row.part ? word(row.part) : null, span("soft", frames)],
      [chip(verdict, saved, error)],
    ]);
  },

  /** The incident that holds a frame. */
  async one({ camera, run, seq }, asked) {
    const { ok, error, body } = await get(`${API}/${camera}/${run}/${seq}`, asked);
    if (!ok) return { ok, error };
    const { incident, evidence, reviews, clip, newer, older, challenged } = body;
    const said = `the judged picture, ${counted(incident.defects, "defect")}`;
    return { ok, row: incident, found: evidence, folder: incidents.folder(incident), clip, seq: incident.worst_seq, reviews, newer, older, challenged, said };
  },

  /** The row after the line has taken what was said of it. */
  after(row, { body, about }) {
    if (about.what === "known_bad") return { ...row, challenge: body.known_bad };
    return about.what === "pin" ? { ...row, pinned: body.pinned } : { ...row, review: verdictOf(body.verdict) };
  },
};

async function learn(camera) {
  scales.set(camera, undefined);
  scales.set(camera, await scaleOf(camera));
  if (scales.get(camera)) desk.found.show();
}

function span(name, text) {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}

const desk = new Desk(incidents);
