// Pieces of a tile in the list: its small picture, its words, how it was reviewed.

import { make } from "./elements.js";
import { hashOf } from "./review_filters.js";
import { plain, verdictOf } from "./review_words.js";

/** A tile that leads to a frame; `lines` are lists of what stands in each line. */
export function tile(frame, address, current, lines) {
  const link = make("a", "tile", thumb(address), make("span", "tile-words", ...lines.map((line) => make("span", "tile-line", ...line))));
  link.href = hashOf(frame);
  link.toggleAttribute("data-current", current);
  if (current) link.setAttribute("aria-current", "true");
  return link;
}

/** Somebody's word, cut where it is too long for the tile. */
export function word(text) {
  const made = make("bdi", "", plain(text));
  made.title = plain(text);
  return made;
}

/** How it was reviewed, by shape and word. `saved`: whether the line has it; `error`: why not. */
export function chip(verdict, saved = true, error = "") {
  const { word: said, shape } = verdictOf(verdict);
  const unsaved = saved ? null : make("em", "", error ? "NOT SAVED" : "saving…"); // first: a narrow tile cuts what stands last
  const made = make("span", "verdict-chip", unsaved, shape ? make("span", "", shape) : null, said);
  made.dataset.verdict = verdict || "none";
  made.toggleAttribute("data-unsaved", Boolean(error));
  return made;
}

function thumb(address) {
  const frame = make("span", "tile-thumb");
  const none = make("span", "", "no picture");
  if (!address) {
    frame.append(none);
    return frame;
  }
  const picture = Object.assign(make("img"), { alt: "", decoding: "async", src: address });
  picture.addEventListener("error", () => picture.replaceWith(none));
  frame.append(picture);
  return frame;
}
