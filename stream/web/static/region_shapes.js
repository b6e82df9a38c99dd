// What a region's shape is: its corners, what becomes of it when it is moved or pulled. Pure; knows no page.

export const KINDS = ["box", "polygon", "tiles", "locate"];
export const LEAST_PX = 8; // a side that is drawn smaller is a slip of the hand

export const kindOf = (region) => KINDS.find((kind) => region[kind]);

/** The region's rectangle [x0, y0, x1, y1] in a picture of that size; of a polygon the one around it. */
export function rectangleOf(region, size) {
  if (region.polygon) {
    const [xs, ys] = [region.polygon.map((c) => c[0]), region.polygon.map((c) => c[1])];
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }
  return region.box ?? region.tiles?.box ?? region.locate?.box ?? [0, 0, ...size];
}

/** Its corners, in order. */
export function cornersOf(region, size) {
  if (region.polygon) return region.polygon;
  const [x0, y0, x1, y1] = rectangleOf(region, size);
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** The same region with another rectangle. */
export function withRectangle(region, box) {
  const whole = box.map(Math.round);
  if (region.box) return { ...region, box: whole };
  if (region.tiles) return { ...region, tiles: { ...region.tiles, box: whole } };
  return { ...region, locate: { ...region.locate, box: whole } };
}

/** The region moved by dx, dy, as far as the picture goes. */
export function moved(region, dx, dy, size) {
  const [x0, y0, x1, y1] = rectangleOf(region, size);
  const x = Math.round(Math.min(Math.max(dx, -x0), size[0] - x1));
  const y = Math.round(Math.min(Math.max(dy, -y0), size[1] - y1));
  if (region.polygon) return { ...region, polygon: region.polygon.map((c) => [c[0] + x, c[1] + y]) };
  return withRectangle(region, [x0 + x, y0 + y, x1 + x, y1 + y]);
}

/** The region with one corner pulled to a place; a rectangle's opposite corner stays. */
export function pulled(region, corner, place, size) {
  const [x, y] = inPicture(place, size);
  if (region.polygon) return { ...region, polygon: region.polygon.map((c, at) => (at === corner ? [x, y] : c)) };
  const opposite = cornersOf(region, size)[(corner + 2) % 4];
  const box = between([x, y], opposite);
  return box[2] - box[0] < 1 || box[3] - box[1] < 1 ? region : withRectangle(region, box);
}

/** The rectangle between two places. */
export function between(one, other) {
  return [Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.max(one[0], other[0]), Math.max(one[1], other[1])];
}

export function inPicture(place, size) {
  return place.map((value, at) => Math.round(Math.min(Math.max(value, 0), size[at])));
}

/** A new region of that kind. */
export function made(kind, corners, names) {
  const name = freeName(kind === "locate" ? "code" : kind, names);
  if (kind === "polygon") return { name, polygon: corners };
  const box = between(...corners).map(Math.round);
  const side = Math.min(box[2] - box[0], box[3] - box[1]);
  if (kind === "tiles") return { name, tiles: { size: Math.max(16, Math.min(side, 256)), overlap: Math.min(32, Math.floor(side / 4)), box } };
  if (kind === "locate") return { name, locate: { length: Math.max(16, Math.min(200, Math.round(side / 2))), margin: 0.15, when_missing: "unknown", light: 128, count: 1, box } };
  return { name, box };
}

function freeName(word, names) {
  if (!names.includes(word)) return word;
  for (let number = 2; ; number += 1) if (!names.includes(`${word}-${number}`)) return `${word}-${number}`;
}

/** Where tiles begin along one side: as detector/stitching.py cuts them. */
export function starts(length, size, overlap) {
  const last = Math.max(0, length - size);
  const found = [];
  if (overlap < size) for (let at = 0; at < last && found.length < 200; at += size - overlap) found.push(at);
  return [...found, last];
}
