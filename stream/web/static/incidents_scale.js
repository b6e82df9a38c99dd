// How large a pixel is at each camera, as its newest evidence says; undefined where the camera is not calibrated.

import { get } from "./review_calls.js";

const asked = new Map(); // camera: promise of mm per px

export function scaleOf(camera) {
  if (!asked.has(camera)) asked.set(camera, newest(camera));
  return asked.get(camera);
}

async function newest(camera) {
  const { body } = await get("/api/incidents", { camera, has_evidence: 1, limit: 1 });
  const folder = body?.incidents?.[0]?.evidence;
  const found = folder ? (await get(`/${folder}/evidence.json`)).body : null;
  return found?.mm_per_px ?? undefined;
}
