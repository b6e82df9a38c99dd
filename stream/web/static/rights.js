// What one may do here, so that a button that the line would refuse says so before it is pressed.

import { me } from "./who.js";

const ROLES = ["viewer", "operator", "engineer"]; // as in stream/web/rights.py: each may do what those before it may

/** Why somebody may not do what asks for a role; empty where they may, or where it is not known. Pure. */
export function refusal({ name, role, users }, least) {
  if (!users || !ROLES.includes(role) || ROLES.indexOf(role) >= ROLES.indexOf(least)) return "";
  if (name === "token") return `The page was opened with its token, which lets one look. This is for ${least}s: log in as one.`;
  return `You are ${role === "viewer" ? "a" : "an"} ${role} here, and this is for ${least}s.`;
}

/** The same of whoever looks now. */
export async function lacking(least) {
  return refusal(await me(), least);
}

/** Turns buttons off for whoever may not press them, and says why; `why` empty: they may. */
export function allow(buttons, why) {
  for (const button of buttons) {
    button.disabled = Boolean(why);
    if (why) button.title = why;
  }
}
