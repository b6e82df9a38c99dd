// What each key of review_table.js does at a desk.

export function actionsOf(desk) {
  const { look, found, judging } = desk;
  const spoken = Object.fromEntries(desk.kind.verdicts.map(([name]) => [`say ${name}`, () => judging.pressed(name)]));
  const film = (act) => {
    if (!desk.open || !look.clip) return;
    if (look.chosen !== "clip") look.choose("clip");
    else act(look.clip);
  };
  return mayBe(desk, {
    ...spoken,
    next: () => desk.step(1),
    previous: () => desk.step(-1),
    down: () => desk.step(desk.open ? 1 : found.columns),
    up: () => desk.step(desk.open ? -1 : -found.columns),
    enter: () => (desk.open ? judging.keep() : document.querySelector(".tile[data-current]")?.click()),
    close: () => leave(desk),
    comment: () => desk.open && desk.bar.comment.focus(),
    pin: () => desk.subject && desk.sayings.pin(desk.subject),
    undo: () => judging.undo(),
    mark: () => desk.open && look.mark(),
    box: () => look.marks.drawing && look.marks.add(),
    overlay: () => look.choose("overlay"),
    original: () => look.choose("original"),
    mask: () => look.choose("mask"),
    clip: () => look.choose("clip"),
    back: () => film((clip) => clip.step(-1)),
    on: () => film((clip) => clip.step(1)),
    play: () => film((clip) => clip.toggle()),
    nearer: () => look.stage.nearer(),
    further: () => look.stage.further(),
    fit: () => look.stage.fit(),
    pan: (event) => look.pan(event),
  });
}

const SAYING = /^(say .*|comment|pin|undo|mark|box)$/;

/** The same, but what says something is refused, in words, to whoever may look alone. */
function mayBe(desk, actions) {
  const refusing = (act) => (event) => (desk.why ? desk.bar.say(desk.why) : act(event));
  return Object.fromEntries(Object.entries(actions).map(([name, act]) => [name, SAYING.test(name) ? refusing(act) : act]));
}

/** Escape leaves the innermost: marking, then the one that is open. */
function leave(desk) {
  if (desk.look.marks.drawing) desk.look.mark(false);
  else if (desk.open) desk.close();
}
