// The shape of each kind of state: told apart without colour, in the page, in its tab's icon, and from afar.

const BOX = "M5 5h38v38H5z";
const ROUND = "M45 24a21 21 0 1 1-42 0a21 21 0 1 1 42 0z";

/** [outline, mark in it, the icon's colour, the mark's colour]; all in 48 x 48. */
export const SHAPES = {
  good: [ROUND, "M14 25l7 7 14-15", "#17743a", "#fff"],
  bad: ["M15 3h18l12 12v18L33 45H15L3 33V15z", "M16 16l16 16M32 16L16 32", "#c81e1e", "#fff"],
  unknown: ["M24 3l22 40H2z", "M19 23c0-7 10-7 10 0 0 4-5 4-5 8M24 36v1", "#f7ab16", "#1c1300"],
  stale: [BOX, "M24 13v13M24 35v.1", "#3b444b", "#fff"],
  retrying: [BOX, "M13 35L35 13", "#f7ab16", "#1c1300"], // struck through: nothing is inspected
  ended: [BOX, "M17 17h14v14H17z", "#566068", "#fff"],
  waiting: [ROUND, "M24 13v12l8 5", "#566068", "#fff"],
};
const SVG = "http://www.w3.org/2000/svg";

/** An <svg class="shape"> of its own, to be told its kind by `reshape`. */
export function shape() {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", "shape");
  made.setAttribute("viewBox", "0 0 48 48");
  made.setAttribute("aria-hidden", "true");
  made.append(document.createElementNS(SVG, "path"), document.createElementNS(SVG, "path"));
  made.lastChild.setAttribute("class", "mark");
  return made;
}

export function reshape(svg, kind) {
  if (svg.dataset.kind === kind) return;
  svg.dataset.kind = kind;
  const [outline, mark] = SHAPES[kind];
  svg.firstChild.setAttribute("d", outline);
  svg.lastChild.setAttribute("d", mark);
}

/** The address of a small picture of the kind, for the tab. */
export function icon(kind) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const context = canvas.getContext("2d");
  const [outline, mark, ground, ink] = SHAPES[kind];
  context.fillStyle = ground;
  context.fill(new Path2D(outline));
  Object.assign(context, { strokeStyle: ink, lineWidth: 6, lineCap: "round", lineJoin: "round" });
  context.stroke(new Path2D(mark));
  return canvas.toDataURL("image/png");
}
