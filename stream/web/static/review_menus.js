// What the menus of a filter offer, as the line knows it; and the fields that some cameras alone make sense of.

import { get } from "./review_calls.js";

/** Fills menus: {field: key of /api/filters}. Without an answer they stay as they are. */
export async function offer(form, fields) {
  const { body } = await get("/api/filters");
  for (const [field, key] of Object.entries(fields)) form.offer(field, body?.[key] ?? []);
}
