// Questions to the line's API, each with a time-out. What went wrong comes back as words, not as an exception.

import { nameHeaders } from "./who.js";

const PATIENCE_MS = 10_000;

/** {ok, status, body, error}; status 0: no answer came. */
export async function get(path, asked = {}) {
  const words = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return call(`${path}${words.size ? `?${words}` : ""}`, {});
}

/** `id`: a number of the act's own, so that one that is said again is on record once. */
export async function post(path, body, id) {
  const headers = { "Content-Type": "application/json", "X-Linewatch-Act": id, ...nameHeaders() };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) });
}

async function call(address, options) {
  try {
    const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
    const text = await answer.text();
    const body = parsed(text);
    if (answer.ok) return { ok: true, status: answer.status, body, error: "" };
    return { ok: false, status: answer.status, body, error: body?.error || text.slice(0, 300) || `the line answered ${answer.status}` };
  } catch (error) {
    const said = error.name === "TimeoutError" ? "the line did not answer in time" : "the line cannot be reached";
    return { ok: false, status: 0, body: null, error: said };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
