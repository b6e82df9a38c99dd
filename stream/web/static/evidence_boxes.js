// Boxes marked in a picture: [x0, y0, x1, y1] in whole pixels, half open, inside the picture. Pure.

export const LEAST_PX = 2;
export const MOST = 64; // the line takes no more in one review

/** The box between two points of the picture, in any order; every pixel that is touched is in it. */
export function between([ax, ay], [bx, by], size) {
  const box = [Math.floor(Math.min(ax, bx)), Math.floor(Math.min(ay, by)), Math.ceil(Math.max(ax, bx)), Math.ceil(Math.max(ay, by))];
  return inside(box, size);
}

/** Cut to the picture, and at least LEAST_PX wide and high. */
export function inside([x0, y0, x1, y1], [width, height]) {
  const left = clamp(x0, 0, width - LEAST_PX);
  const top = clamp(y0, 0, height - LEAST_PX);
  return [left, top, clamp(x1, left + LEAST_PX, width), clamp(y1, top + LEAST_PX, height)];
}

export function moved([x0, y0, x1, y1], dx, dy, [width, height]) {
  const x = clamp(x0 + Math.round(dx), 0, width - (x1 - x0));
  const y = clamp(y0 + Math.round(dy), 0, height - (y1 - y0));
  return [x, y, x + x1 - x0, y + y1 - y0];
}

/** A corner (0 to 3, clockwise from the upper left one) pulled to a point; the opposite one stays. */
export function pulled(box, corner, at, size) {
  return between(cornersOf(box)[(corner + 2) % 4], at, size);
}

export function cornersOf([x0, y0, x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** Where a box begins that is put down by a key: in the middle of what is seen. */
export function middle({ x, y, w, h }, size) {
  const half = Math.max(LEAST_PX, Math.min(w, h) / 10);
  return between([x + w / 2 - half, y + h / 2 - half], [x + w / 2 + half, y + h / 2 + half], size);
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}

/** What is marked in a frame {row, reviews, seq} by what people said of it last: the boxes that an export takes, too. */
export function standing({ row, reviews, seq }) {
  const said = row.review && reviews.find((one) => one.verdict === row.review && (one.seq ?? seq) === seq);
  return (said && said.boxes) || [];
}
