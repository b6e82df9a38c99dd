// Draws a judged picture with what was judged of it: mask, defects, regions. What is drawn came in one message with the picture.

import { pixels, sizeOf } from "./pixels.js";

const STATE = { GOOD: "rgb(30 160 74)", BAD: "rgb(225 40 40)", UNKNOWN: "rgb(245 165 10)" };
const OTHER = "rgb(140 140 140)"; // nothing judged there, or codes are only searched
const DEFECT = "rgb(255 255 0)"; // seen on near black and on near white
const LINE_SHARE = 1 / 480; // of the picture's width
const NAME_SHARE = 0.028; // of its height
const MARGIN = 3; // lines between a defect and its box, so that the box does not hide it

export const USUAL = { mask: 0.4, boxes: true, regions: true };

/** The pixels of a message; `close` them when they are drawn. */
export async function decode({ jpeg, mask }) {
  const [picture, layer] = await Promise.all([pixels(jpeg, "image/jpeg"), mask ? pixels(mask, "image/png") : null]);
  return { picture, layer, close: () => [picture, layer].forEach((one) => one?.close()) };
}

/** Draws into a canvas that becomes as large as the picture. look: {mask: 0..1, boxes, regions}. */
export function draw(canvas, header, { picture, layer }, look = USUAL) {
  const [width, height] = sizeOf(picture);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const scale = width / header.width;
  const line = Math.max(1, Math.round(width * LINE_SHARE));
  if (layer && look.mask > 0) {
    const [x0, y0, x1, y1] = header.mask_box.map((place) => place * scale);
    context.globalAlpha = look.mask;
    context.drawImage(layer, x0, y0, x1 - x0, y1 - y0);
    context.globalAlpha = 1;
  }
  if (look.boxes) for (const defect of header.defects) box(context, defect.box, scale, line);
  if (look.regions) for (const outline of header.outlines) region(context, outline, scale, line, height);
}

function box(context, [x0, y0, x1, y1], scale, line) {
  const half = (line % 2) / 2; // a line of odd width lies on whole pixels between them
  const low = (place) => Math.floor(place * scale) - MARGIN * line + half;
  const high = (place) => Math.ceil(place * scale) + MARGIN * line - half;
  context.strokeStyle = DEFECT;
  context.lineWidth = line;
  context.strokeRect(low(x0), low(y0), high(x1) - low(x0), high(y1) - low(y0));
}

function region(context, outline, scale, line, height) {
  const colour = STATE[outline.state] ?? OTHER;
  polygon(context, outline.corners, scale, outline.searched ? OTHER : colour, outline.name ? line : 2 * line);
  for (const quad of outline.found) polygon(context, quad, scale, colour, line);
  if (!outline.name) return;
  const size = Math.max(9, Math.round(height * NAME_SHARE));
  const x = Math.max(0, Math.min(...outline.corners.map((corner) => corner[0]))) * scale + size / 2;
  const y = Math.max(0, Math.min(...outline.corners.map((corner) => corner[1]))) * scale + 1.4 * size;
  context.font = `700 ${size}px system-ui, sans-serif`;
  context.lineWidth = Math.max(2, size / 6);
  context.strokeStyle = "rgb(0 0 0 / 75%)";
  context.fillStyle = colour;
  const words = outline.state && outline.state !== "GOOD" ? `${outline.name} ${outline.state}` : outline.name;
  context.strokeText(words, x, y);
  context.fillText(words, x, y);
}

function polygon(context, corners, scale, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (const [x, y] of corners) context.lineTo(x * scale, y * scale);
  context.closePath();
  context.stroke();
}
