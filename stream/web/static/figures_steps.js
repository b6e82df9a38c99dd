// How finely a time is shown, and where words stand below it. Pure.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const STEPS = { shift: 300, day: 900, week: 7200 }; // seconds of a step
const FINER = [60, 300, 900, 3600, 7200];
const SHORT = 8; // what takes less than so little of the time that was asked for would be a few lonely dots
const LEAST_MS = 15 * MINUTE_MS;
const STEPS_MOST = 120;
const MARKS = [MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS];
const MARKS_MOST = 12;

/** The time in which there are frames, where it is a short one of what was asked for: {since, until, step_s}; else null. */
export function closer({ since, until }, times, step_s) {
  if (!times.length) return null;
  const [first, last] = [times[0], Math.min(until, times.at(-1) + step_s * 1000)];
  if ((last - first) * SHORT > until - since) return null;
  const begin = Math.max(since, Math.min(first, last - LEAST_MS));
  const end = Math.min(until, Math.max(last, begin + LEAST_MS));
  const finer = FINER.find((step) => (end - begin) / 1000 / step <= STEPS_MOST) ?? step_s;
  return { since: begin, until: end, step_s: Math.min(step_s, finer) };
}

/** Where words stand below a plot, at round times of the clock on this wall. */
export function marks(since, until) {
  const every = MARKS.find((one) => (until - since) / one <= MARKS_MOST) ?? DAY_MS;
  const midnight = new Date(since).setHours(0, 0, 0, 0);
  const found = [];
  for (let ms = midnight + Math.ceil((since - midnight) / every) * every; ms <= until; ms += every) found.push(ms);
  return found;
}

/** A step in words. */
export function stepWords(step_s) {
  const [count, unit] = step_s % 3600 ? [step_s / 60, "minute"] : [step_s / 3600, "hour"];
  return count === 1 ? `a ${unit}`.replace("a hour", "an hour") : `${count} ${unit}s`;
}
