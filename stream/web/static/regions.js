// Puts the page together: the picture comes, regions are drawn on it, the server says what they are worth and writes them.

import { List } from "./region_list.js";
import { KINDS } from "./region_shapes.js";
import { Stage } from "./region_stage.js";

const PICTURE_MS = 200;
const ASK_MS = 120; // after the last change
const FOLLOW_MS = 600; // from one looking for codes to the next
const HINTS = {
  box: "Drag a rectangle on the picture. Escape puts the tool away.",
  polygon: "Click each corner; Enter, a double click or a click on the first corner closes it.",
  tiles: "Drag over all that is to be cut into tiles; size and overlap stand in the list.",
  locate: "Drag over the area in which codes are looked for. The square inside shows how large a crop is at the code's length.",
  nothing: "Choose Box, Polygon, Tiles or Code above, then draw it on the picture. Without a region the whole picture is judged.",
  "": "Drag a region to move it, its corners to change it. With Tab and arrow keys: move by 1 px, with Shift by 10, with Alt the lower right corner; Delete takes it away.",
};
const byId = (id) => document.getElementById(id);

const model = {
  regions: [],
  chosen: -1,
  size: [16, 9],
  answers: null, // of the regions as they were asked for
  said(index) {
    return this.answers?.[index] ?? null;
  },
};
let state = { sha256: "" };
let asked = 0;
let saved = "";
let timer = 0;
let number = 0; // of the picture that is shown
let lookedAt = 0; // the picture in which codes were looked for
let followed = 0; // when codes were last looked for in a new picture

const stage = new Stage(byId("stage"), model, tell);
const list = new List(byId("list"), byId("nothing"), model, tell);

/** What has happened: `chosen`, `moved` (and goes on moving) or `changed`. */
function tell(what) {
  if (what === "changed") model.answers = null; // of what was there before
  stage.draw();
  if (what === "chosen") list.say();
  else list.draw();
  if (what === "changed") {
    outcome("", null);
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_MS);
  }
  tools();
}

function tools() {
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute?.("aria-pressed", button.dataset.tool === stage.tool);
  byId("hint").textContent = HINTS[stage.tool || (model.regions.length ? "" : "nothing")];
}

/** Whether what was found was found in the very picture that is shown. */
function past() {
  byId("stage").toggleAttribute("data-past", Boolean(model.answers) && number !== lookedAt);
}

async function post(address, body) {
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(body) }).catch(() => null);
  if (!answer) return { ok: false, text: "nobody answers: is `python -m stream regions` still running?" };
  return answer.ok ? answer.json() : { ok: false, text: await answer.text() };
}

async function ask() {
  const mine = (asked += 1);
  const looked = number;
  const answer = await post("/regions/look", { regions: model.regions, picture: looked });
  if (mine !== asked) return; // a newer question is on its way
  if (!answer.regions) return outcome(answer.text, false);
  model.answers = answer.regions;
  lookedAt = looked;
  past();
  byId("yaml").textContent = answer.yaml;
  stage.draw();
  list.say();
  if (byId("hold").checked && looked !== number) ask(); // one was on its way when it was held
}

async function save() {
  const drawn = JSON.stringify(model.regions);
  const answer = await post("/regions/save", { regions: model.regions, sha256: state.sha256 });
  if (answer.ok) {
    state.sha256 = answer.sha256;
    saved = drawn;
  }
  outcome(answer.ok ? `${answer.text}; a running line takes it at its next start` : answer.text, answer.ok);
}

function outcome(text, ok) {
  byId("outcome").textContent = text;
  byId("outcome").dataset.ok = ok;
}

async function copy() {
  const text = byId("yaml").textContent;
  try {
    await navigator.clipboard.writeText(text);
    outcome("copied", true);
  } catch {
    byId("yaml").closest("details").open = true;
    getSelection().selectAllChildren(byId("yaml"));
    outcome("select and copy the text below", null);
  }
}

/** The next picture, unless it is held; where codes are looked for, they are looked for in it. */
async function picture() {
  if (!byId("hold").checked || model.size[0] === 16) {
    const answer = await fetch(`/regions/picture?after=${number}`).catch(() => null);
    byId("said").textContent = answer ? answer.headers.get("Linewatch-Said") ?? "" : "nobody answers";
    if (answer?.status === 200) {
      number = Number(answer.headers.get("Linewatch-Number"));
      await show(await createImageBitmap(await answer.blob()), answer.headers.get("Linewatch-Size").split("x").map(Number));
      past();
      if (model.answers && !stage.drag && model.regions.some((region) => region.locate) && (byId("hold").checked || performance.now() - followed > FOLLOW_MS)) {
        followed = performance.now();
        ask();
      }
    }
  }
  setTimeout(picture, PICTURE_MS);
}

async function show(bitmap, size) {
  const canvas = byId("picture");
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  if (size.join() !== model.size.join()) {
    model.size = size;
    tell("changed");
  }
}

async function begin() {
  state = await (await fetch("/status.json")).json();
  model.regions = state.regions.map(plain);
  saved = JSON.stringify(model.regions);
  byId("camera").textContent = state.camera;
  const scale = state.input ? `bundle ${state.bundle}, which sees ${state.input.join("×")} px` : `no scale can be told: ${state.without_bundle}`;
  byId("about").textContent = `${state.file} · ${scale}`;
  for (const button of document.querySelectorAll("button[data-tool]")) {
    button.addEventListener("click", () => {
      stage.take(button.dataset.tool);
      model.chosen = -1;
      tell("chosen");
    });
  }
  byId("save").addEventListener("click", save);
  byId("copy").addEventListener("click", copy);
  window.addEventListener("beforeunload", (event) => JSON.stringify(model.regions) !== saved && event.preventDefault());
  window.addEventListener("resize", () => stage.draw());
  tell("changed");
  picture();
}

/** Without the kinds that are not given. */
function plain(region) {
  return Object.fromEntries(Object.entries(region).filter(([key, value]) => value !== null || !KINDS.includes(key)));
}

begin();
