// How fast one reviews. Pure.

const PAUSE_MS = 120_000; // longer than that was a pause, not a decision

/** {done, each_s}: how many verdicts, and the middle of the times between them; null where there are too few. */
export function pace(times) {
  const gaps = times.slice(1).map((at, index) => at - times[index]).filter((gap) => gap < PAUSE_MS).sort((one, other) => one - other);
  return { done: times.length, each_s: gaps.length < 3 ? null : gaps[Math.floor(gaps.length / 2)] / 1000 };
}

/** In words: `12 done · 4 s each · about 3 min left`. */
export function paceWords({ done, each_s: each }, left, more) {
  const words = [left || more ? `${left}${more ? "+" : ""} left` : "none left"];
  if (done) words.push(`${done} done`);
  if (each !== null) words.push(`${each < 10 ? each.toFixed(1) : Math.round(each)} s each`);
  if (each !== null && left && !more) words.push(`about ${Math.max(1, Math.round((left * each) / 60))} min to go`);
  return words.join(" · ");
}
