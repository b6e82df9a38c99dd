// The page of samples: what a GOOD frame that was kept is to the reviewer's desk, and what follows from the reviews.

import { make } from "./elements.js";
import { get } from "./review_calls.js";
import { Desk } from "./review_desk.js";
import { verdictOf } from "./review_sayings.js";
import { chip, tile, word } from "./review_tile.js";
import { moment } from "./review_words.js";
import { scored } from "./rules.js";
import { follows } from "./samples_follows.js";

const API = "/api/samples";
const WHY = { random: "at random", near: "nearly BAD" };

const samples = {
  path: "/samples",
  api: API,
  label: "GOOD frames that were kept, newest first",
  known: ["camera", "when", "since", "until", "why", "review", "score_min"],
  verdicts: [["clean", "G"], ["missed", "M"], ["unsure", "U"]],
  marking: "missed",
  marksFirst: true, // who missed something shows where, if it can be shown
  filmed: false,
  menus: { camera: "cameras" },

  asked(words) {
    follows(document.getElementById("follows"), words.camera ?? "");
    return words;
  },
  rowsOf: (body) => body.samples,
  key: ({ camera, run, seq }) => `${camera}/${run}/${seq}`,
  frame: ({ camera, run, seq }) => ({ camera, run, seq }),
  folder: ({ folder }) => (folder ? `/${folder}` : null),
  scale: () => undefined,
  holds: (row, { camera, run, seq }) => row.camera === camera && row.run === run && row.seq === seq,

  tile(row, { current, verdict, saved, pinned, error }) {
    const score = row.score === null ? "" : ` ${scored(row.score)}`;
    return tile(samples.frame(row), row.thumb, current, [
      [make("strong", "", moment(row.utc_ns, new Date())), pinned ? make("span", "pinned", "◆ pinned") : null],
      [make("span", "score-good", `GOOD${score}`)],
      [word(row.camera), row.part ? word(row.part) : null, make("span", "soft", WHY[row.why] ?? row.why)],
      [chip(verdict, saved, error)],
    ]);
  },

  /** A sample by its files and the acts that are about it; what else the log has of it is in the row. */
  async one({ camera, run, seq }) {
    const name = `${camera}/${run}/${seq}`;
    const [file, acts] = await Promise.all([get(`/samples/${name}/evidence.json`), get("/api/acts", { kind: "review", subject: name, limit: 100 })]);
    if (!file.ok && file.status !== 404) return { ok: false, error: file.error };
    const reviews = (acts.body?.acts ?? []).map(({ who, utc_ns, new: text }) => ({ who, utc_ns, ...JSON.parse(text) }));
    const row = { camera, run, seq, ...(reviews.length ? { review: verdictOf(reviews[0].verdict) } : {}) };
    return { ok: true, row, found: file.body, folder: `/samples/${name}`, clip: null, seq, reviews, newer: null, older: null, said: "the judged picture of a GOOD frame" };
  },

  after(row, { body, about }) {
    return about.what === "pin" ? { ...row, pinned: body.pinned } : { ...row, review: verdictOf(body.verdict) };
  },
};

new Desk(samples);
