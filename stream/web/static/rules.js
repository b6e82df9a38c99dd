// What the page may claim, by its own clock. Pure: no element, no socket, no clock.

export const FRESH_MS = 1000; // the server says how the line is five times a second

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
    const { state, reason, score } = shown.header;
    return { kind: WORDS[state] ?? "unknown", word: WORDS[state] ? state : "UNKNOWN", text: why(state, reason, score), cover: false };
  }
  const heard = camera !== null && silentMs <= FRESH_MS;
  if (heard && camera.state === "ended") return covered("ended", "ENDED", camera.text);
  if (heard && camera.state === "retrying") return covered("retrying", "RETRYING", camera.text || "trying again…");
  if (!shown && (silent <= after || (heard && camera.state === "starting"))) return covered("waiting", "WAITING", heard ? camera.text : "");
  return covered("stale", "STALE", staleText(camera, shown, silent, heard));
}

function covered(kind, word, text) {
  return { kind, word, text, cover: true };
}

function why(state, reason, score) {
  if (reason) return reason;
  return score === null ? "" : `score ${score.toFixed(2)}`;
}

function staleText(camera, shown, silent, heard) {
  const since = shown ? `no picture for ${span(silent)}` : "no picture yet";
  if (!heard) return `${since} · no word from the line`;
  return camera.state === "silent" && camera.text ? `${since} · ${camera.text}` : since;
}

/** The worst of all cameras, for the window's title. */
export function worst(situations) {
  const order = ["bad", "stale", "retrying", "unknown", "waiting", "good", "ended"];
  return order.map((kind) => situations.find((s) => s.kind === kind)).find(Boolean) ?? null;
}

export function span(ms) {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
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
