// What the page may claim, by its own clock. Pure: no element, no socket, no clock.
//
// The desktop's window has the same rules (stream/desktop/situation.py, stream/number_words.py): tests/test_same_rules.py
// asks both of them the same.

export const FRESH_MS = 1000; // the server says how the line is five times a second

const SCORE_DIGITS = 4;
const SCORE_DIGITS_MOST = 8;
const WORDS = { GOOD: "good", BAD: "bad", UNKNOWN: "unknown" };

/** How old a shown picture is, and how long no other has come; both go on while nothing arrives. */
export function ages(shown, now) {
  const since = now - shown.arrived;
  return { age: shown.header.age_ms + since, silent: shown.header.judged_ms + since };
}

/**
 * What a camera's plate says: {kind, word, text, cover}.
 * camera: what the server last said of it, or null. shown: {header, arrived}, or null. silentMs: since the server spoke.
 */
export function situation(camera, shown, silentMs, watchedMs, now) {
  const after = camera ? camera.stale_after_ms : FRESH_MS;
  const silent = shown ? ages(shown, now).silent : watchedMs;
  if (shown && silent <= after) {
    const { state, reason, score, threshold } = shown.header;
    const text = reason || (score === null ? "" : `score ${scored(score, threshold)}`);
    return { kind: WORDS[state] ?? "unknown", word: WORDS[state] ? state : "UNKNOWN", text, cover: false };
  }
  const heard = camera !== null && silentMs <= FRESH_MS;
  if (heard && camera.state === "ended") return covered("ended", "ENDED", camera.text);
  if (heard && camera.state === "retrying") return covered("retrying", "RETRYING", `not inspected · ${camera.text || "trying again…"}`);
  if (heard && camera.state === "waiting") return covered("waiting", "WAITING", camera.text);
  if (!shown && (silent <= after || (heard && camera.state === "starting"))) return covered("waiting", "WAITING", heard ? camera.text : "");
  return covered("stale", "STALE", staleText(camera, shown, silent, heard));
}

function covered(kind, word, text) {
  return { kind, word, text, cover: true };
}

function staleText(camera, shown, silent, heard) {
  const since = shown ? `no picture for ${span(silent)}` : "no picture yet";
  if (!heard) return `${since} · no word from the line`;
  return camera.state === "silent" && camera.text ? `${since} · ${camera.text}` : since;
}

/** The worst of all cameras, for the window's title. */
export function worst(situations) {
  const order = ["bad", "stale", "retrying", "unknown", "good", "waiting", "ended"];
  return order.map((kind) => situations.find((s) => s.kind === kind)).find(Boolean) ?? null;
}

/** How many columns show so many pictures largest. `chrome`: pixels of a card's height that are not picture. */
export function columnsFor(count, width, height, chrome, aspect = 16 / 9) {
  const shown = (columns) => {
    const rows = Math.ceil(count / columns);
    return Math.min(width / columns, Math.max(0, height / rows - chrome) * aspect);
  };
  const all = Array.from({ length: Math.max(1, count) }, (_, at) => at + 1);
  return all.reduce((best, columns) => (shown(columns) > shown(best) ? columns : best));
}

/** How much a card says: everything where there is one camera, little where there are many. */
export function densityOf(count) {
  return count === 1 ? "full" : count <= 4 ? "some" : "little";
}

export function span(ms) {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** A score in four digits, and in more where four would not lie on its side of the threshold (null: it is not known). */
export function scored(score, threshold = null) {
  for (let digits = SCORE_DIGITS; digits < SCORE_DIGITS_MOST; digits += 1) {
    const said = score.toFixed(digits);
    if (threshold === null || Number(said) < threshold === score < threshold) return said;
  }
  return score.toFixed(SCORE_DIGITS_MOST);
}

/** How many of a thing: 1 frame, 2 frames. */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

export function number(value) {
  return value.toLocaleString("en").replaceAll(",", "\u202f");
}

export function clock(utcNs) {
  return new Date(utcNs / 1e6).toLocaleTimeString([], { hour12: false });
}

export function day(utcNs) {
  const at = new Date(utcNs / 1e6);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
}

/** The address of an incident in this page, from the folder of its evidence: evidence/CAMERA/RUN/SEQ. */
export function addressOf(folder) {
  const [, camera, run, seq] = folder.split("/");
  return `#/incident/${camera}/${run}/${Number(seq)}`;
}

/** {camera, run, seq} of such an address, or null. */
export function incidentIn(hash) {
  const found = /^#\/incident\/([A-Za-z0-9_-]{1,32})\/(\d{1,20})\/(\d{1,20})$/.exec(hash);
  return found && { camera: found[1], run: found[2], seq: found[3] };
}
