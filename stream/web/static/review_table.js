// The keys of the pages for reviewing, in the order in which they are shown. Pure.

import { verdictOf } from "./review_words.js";

/** The table for a kind of thing: its verdicts first. */
export function keysOf({ verdicts, filmed, marking, marksFirst }) {
  const film = [
    { keys: ["4"], name: "clip", said: "the film, on the very frame" },
    { keys: [","], name: "back", said: "film: one picture back" },
    { keys: ["."], name: "on", said: "film: one picture on" },
    { keys: [" "], name: "play", said: "film: play or stop" },
  ];
  return [
    ...verdicts.map(([name, key]) => ({ keys: [key.toLowerCase()], name: `say ${name}`, said: `${verdictOf(name).word}, and on to the next that nobody has reviewed` })),
    { keys: ["j", "ArrowRight"], name: "next", said: "next, older" },
    { keys: ["k", "ArrowLeft"], name: "previous", said: "previous, newer" },
    { keys: ["ArrowDown"], name: "down", said: "" },
    { keys: ["ArrowUp"], name: "up", said: "" },
    { keys: ["Enter"], name: "enter", said: "open; with marks or a comment: keep them" },
    { keys: ["Escape"], name: "close", said: "back, as far as the list" },
    { keys: ["c"], name: "comment", said: "comment; Ctrl + Enter keeps it, Escape leaves it for the next verdict" },
    { keys: ["p"], name: "pin", said: "pin: its pictures are kept whatever their age" },
    { keys: ["z"], name: "undo", said: "take the last verdict back; both stay on record" },
    ...(marksFirst ? [] : [{ keys: ["m"], name: "mark", said: `mark by boxes (${verdictOf(marking).word})` }]),
    { keys: ["b"], name: "box", said: "marking: a box in the middle; arrows move it, Alt + arrows pull it, Shift goes far, Delete takes it away" },
    { keys: ["1"], name: "overlay", said: "overlay" },
    { keys: ["2"], name: "original", said: "original" },
    { keys: ["3"], name: "mask", said: "mask" },
    ...(filmed ? film : []),
    { keys: ["+", "="], name: "nearer", said: "nearer" },
    { keys: ["-"], name: "further", said: "further" },
    { keys: ["0"], name: "fit", said: "the whole picture; once more: the defects large" },
    { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], name: "pan", shift: true, said: "move the picture where it is near" },
    { keys: ["?"], name: "keys", said: "these keys" },
  ];
}
