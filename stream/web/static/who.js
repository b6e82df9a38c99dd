// By what name reviews go on record: the user's where there are users, else the one that this browser was given once.

import { make } from "./elements.js";

const KEPT = "linewatch-name";
const PATIENCE_MS = 10_000;
const LONGEST = 64;
let last = null; // what the line said of who one is

/** Who one is to the line: {name, role, users}; without an answer, somebody without users. */
export async function me() {
  return (await asked()) ?? { name: "", role: "", users: false };
}

async function asked() {
  const answer = await fetch("/api/me", { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  const said = answer?.ok ? await answer.json().catch(() => null) : null;
  last = said ?? last;
  return said;
}

/** The name by which one goes on record, by what is known here; `recorded` asks the line, null: it does not say. */
export function nameHere() {
  return last?.users ? last.name : keptName();
}

export async function recorded() {
  return (await asked()) && nameHere();
}

export function keptName() {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

/** A header carries bytes, not letters: the name goes as UTF-8, which is how the line reads headers. */
export function nameHeaders() {
  const name = keptName();
  return name ? { "X-Linewatch-Name": String.fromCharCode(...new TextEncoder().encode(name)) } : {};
}

/** Asks for a name where there are no users and none was given yet. False where the person turned away. */
export async function named() {
  return (last ?? (await me())).users || Boolean(keptName()) || ask();
}

/** Asks for the name; true once there is one. */
export function ask() {
  const input = make("input");
  Object.assign(input, { name: "name", maxLength: LONGEST, required: true, autocomplete: "name", value: keptName() });
  const keep = Object.assign(make("button", "primary", "Keep this name"), { type: "submit" });
  const leave = Object.assign(make("button", "", "Not now"), { type: "button" });
  const form = make("form", "who-form",
    make("h2", "", "Who is here?"),
    make("p", "soft", "Your name goes on record beside what you do: reviews, acknowledged alarms, challenges. This browser keeps it."),
    make("label", "field", "Name", input),
    make("div", "ends", leave, keep));
  form.method = "dialog";
  const dialog = make("dialog", "dialog", form);
  dialog.ariaLabel = "Who is here?";
  document.body.append(dialog);
  leave.addEventListener("click", () => dialog.close());
  return new Promise((settled) => {
    form.addEventListener("submit", () => keepName(input.value));
    dialog.addEventListener("close", () => {
      dialog.remove();
      settled(Boolean(keptName()));
    });
    dialog.showModal();
  });
}

function keepName(text) {
  const name = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim().slice(0, LONGEST);
  if (!name) return;
  localStorage.setItem(KEPT, name);
  dispatchEvent(new Event("linewatch-name"));
}
