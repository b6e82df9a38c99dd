// What is looked for: between a page's address, its fields and the words of the API. Pure.

import { stamp } from "./review_words.js";

/** Spans that move with the clock: a kept address `?when=today` is today's tomorrow, too. */
export const QUICK = {
  shift: (now, shift) => [shift ?? midnight(now, 0), null],
  today: (now) => [midnight(now, 0), null],
  yesterday: (now) => [midnight(now, -1), midnight(now, 0)],
  week: (now) => [midnight(now, -6), null],
};

/** The filter in an address's query; words that are none of `known` are left out. */
export function filterOf(search, known) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(known.map((name) => [name, given.get(name)?.slice(0, 300) ?? ""]).filter(([, value]) => value));
}

/** The query of an address, in the order of `known`: the same filter is the same address. */
export function searchOf(filter, known) {
  const words = new URLSearchParams(known.filter((name) => filter[name]).map((name) => [name, filter[name]]));
  const text = words.toString();
  return text ? `?${text}` : "";
}

/** The filter as the API takes it: spans become times, in UTC. `shift`: when the one that runs began; null: at midnight. */
export function askedOf(filter, now, shift = null) {
  const { when, since, until, ...rest } = filter;
  const [from, to] = QUICK[when]?.(now, shift) ?? [dateOf(since), dateOf(until)];
  if (from) rest.since = from.toISOString();
  if (to) rest.until = to.toISOString();
  return rest;
}

export function dateOf(text) {
  const at = text ? new Date(text) : null;
  return at && !Number.isNaN(at.getTime()) ? at : null;
}

/** The fields for `from` and `to` of a filter, as an input of date and time takes them. */
export function spanOf(filter) {
  return [filter.since, filter.until].map((text) => (dateOf(text) ? stamp(dateOf(text)) : ""));
}

function midnight(now, days) {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
}

/** The part of an address behind # that names a frame. */
export function hashOf({ camera, run, seq }) {
  return `#${camera}/${run}/${seq}`;
}

/** {camera, run, seq} of such an address, or null. */
export function frameIn(hash) {
  const found = /^#([A-Za-z0-9_-]{1,32})\/(\d{1,16})\/(\d{1,15})$/.exec(hash);
  return found && { camera: found[1], run: Number(found[2]), seq: Number(found[3]) };
}
