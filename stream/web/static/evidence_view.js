// What part of a picture is seen: a rectangle in its pixels, zoomed about a point and moved. Pure.

const CLOSEST_PX = 24; // pixels of the picture across the screen
const ROOM = 4; // times the defects' own extent
const LEAST = 0.1; // of the picture

export function whole([width, height]) {
  return { x: 0, y: 0, w: width, h: height };
}

/** Nearer by a factor (further below 1), with that point of the picture staying where it is on the screen. */
export function zoomed(view, factor, [px, py], size) {
  const least = Math.min(CLOSEST_PX / size[0], 1);
  const share = Math.max(least, Math.min(1, view.w / factor / size[0]));
  const [w, h] = [size[0] * share, size[1] * share];
  const [fx, fy] = [(px - view.x) / view.w, (py - view.y) / view.h];
  return within({ x: px - fx * w, y: py - fy * h, w, h }, size);
}

/** What shows these boxes large, with their surroundings. */
export function around(boxes, size) {
  const [x0, y0] = [0, 1].map((axis) => Math.min(...boxes.map((box) => box[axis])));
  const [x1, y1] = [2, 3].map((axis) => Math.max(...boxes.map((box) => box[axis])));
  const share = Math.min(1, Math.max((ROOM * (x1 - x0)) / size[0], (ROOM * (y1 - y0)) / size[1], LEAST));
  const [w, h] = [size[0] * share, size[1] * share];
  return within({ x: (x0 + x1 - w) / 2, y: (y0 + y1 - h) / 2, w, h }, size);
}

export function shifted(view, dx, dy, size) {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, size);
}

export function isWhole(view, [width]) {
  return view.w >= width;
}

function within({ x, y, w, h }, [width, height]) {
  return { x: Math.max(0, Math.min(width - w, x)), y: Math.max(0, Math.min(height - h, y)), w, h };
}
