// The words and shapes of reviewing, and how words of others are shown. Pure.

/** What a review may say: its letter, its word, its shape. */
export const VERDICTS = {
  defect: { word: "true defect", shape: "✕" },
  false_alarm: { word: "false alarm", shape: "○" },
  unsure: { word: "unsure", shape: "?" },
  withdrawn: { word: "taken back", shape: "↶" },
  missed: { word: "missed", shape: "!" },
  clean: { word: "clean", shape: "✓" },
};
export const NOT_REVIEWED = { word: "not reviewed", shape: "" };
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

export function verdictOf(name) {
  return VERDICTS[name] ?? NOT_REVIEWED;
}

/** Somebody's words with what cannot be seen, or turns the order of letters, made visible. New lines stay. */
export function plain(text) {
  return String(text ?? "").replace(HIDDEN, (one) => `⟨${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

/** A time for people here: the clock alone where it is today's. */
export function moment(utcNs, now) {
  const at = new Date(utcNs / 1e6);
  const clock = at.toLocaleTimeString([], { hour12: false });
  if (at.toDateString() === now.toDateString()) return clock;
  return `${stamp(at).slice(0, 10)} ${clock}`;
}

/** YYYY-MM-DDTHH:MM of the clock on this wall, as a field for date and time takes it. */
export function stamp(at) {
  const two = (value) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A length in the unit that people measure in: mm where the camera is calibrated. */
export function length(px, mmPerPx) {
  return mmPerPx ? `${(px * mmPerPx).toFixed(2)} mm` : `${px.toFixed(0)} px`;
}
