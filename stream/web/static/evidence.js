// One incident's evidence: the judged picture, its mask and overlay, and all that is on record of it.

import { facts, make } from "./elements.js";
import { clock, day, incidentIn, number, scored } from "./rules.js";

const CHOICES = ["overlay.jpg", "frame.png", "mask.png"];
const ORIGINAL = "frame.png";
const AS_JUDGED = "frame.jpg"; // where the picture travelled as JPEG: the very bytes that were judged
const STAGES = ["preprocess", "classify", "segment", "postprocess"];

export class Evidence {
  constructor(dialog, incidents) {
    this.dialog = dialog;
    this.incidents = incidents;
    this.gone = false;
    this.original = ORIGINAL;
    this.part = (name) => dialog.querySelector(`#evidence-${name}`);
    this.address = "";
    this.part("close").addEventListener("click", () => dialog.close());
    this.part("picture").addEventListener("load", () => { this.part("picture").style.visibility = "visible"; });
    this.part("picture").addEventListener("error", () => { this.part("picture").style.visibility = "hidden"; });
    this.part("choice").addEventListener("change", () => this.look());
    dialog.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => incidentIn(location.hash) && history.pushState(null, "", "#/"));
  }

  /** Shows what the page's address names, or nothing. */
  async follow(hash) {
    const incident = incidentIn(hash);
    if (!incident) return this.dialog.open && this.dialog.close();
    this.address = hash;
    this.gone = false;
    this.original = ORIGINAL;
    this.folder = `/evidence/${incident.camera}/${incident.run}/${incident.seq}`;
    this.part("title").textContent = `${incident.camera} · frame ${number(Number(incident.seq))}`;
    this.part("review").href = `/incidents#${incident.camera}/${incident.run}/${Number(incident.seq)}`;
    this.part("facts").replaceChildren();
    this.look();
    this.step();
    if (!this.dialog.open) this.dialog.showModal();
    const answer = await fetch(`${this.folder}/evidence.json`).catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    if (this.address !== hash) return;
    this.gone = answer?.status === 404;
    if (found?.files_sha256?.[AS_JUDGED]) {
      this.original = AS_JUDGED;
      this.look();
    }
    this.part("facts").replaceChildren(...(found ? record(found) : [missing(this.gone)]));
    this.goOn();
  }

  /** Where the incident has a worse frame by now, that one is its evidence. */
  goOn() {
    const address = this.gone && this.dialog.open && this.incidents.successor(incidentIn(this.address));
    if (address && address !== this.address) location.replace(address);
  }

  /** Brings the way to newer and older incidents up to date. */
  step() {
    const { newer, older } = this.incidents.neighbours(this.address);
    for (const [name, address] of [["newer", newer], ["older", older]]) {
      if (address) this.part(name).href = address;
      else this.part(name).removeAttribute("href");
    }
  }

  look() {
    const chosen = this.dialog.querySelector("input:checked");
    const picture = this.part("picture");
    picture.src = `${this.folder}/${chosen.value === ORIGINAL ? this.original : chosen.value}`;
    picture.alt = chosen.nextElementSibling.textContent;
  }

  key(event) {
    const choice = CHOICES[Number(event.key) - 1];
    if (choice) {
      this.dialog.querySelector(`input[value="${choice}"]`).checked = true;
      this.look();
    }
    if (event.target.type === "radio") return;
    if (event.key === "ArrowLeft") this.part("newer").click();
    if (event.key === "ArrowRight") this.part("older").click();
  }
}

function missing(gone) {
  const why = gone
    ? "This evidence is not here. It may have given way to a worse frame of the same incident, or to newer evidence."
    : "The line does not answer.";
  return make("p", "nothing", why);
}

function record(found) {
  const verdict = make("div", "verdict", make("strong", "", found.state));
  verdict.dataset.state = found.state;
  if (typeof found.score === "number") verdict.append(make("span", "", `score ${scored(found.score, found.threshold ?? null)}`));
  return [
    verdict,
    make("h3", "", found.defects?.length ? "Defects" : "No defects listed"),
    found.defects?.length ? defects(found.defects, found.mm_per_px) : null,
    found.regions?.length ? make("h3", "", "Regions") : null,
    found.regions?.length ? list(found.regions.map(region)) : null,
    make("h3", "", "On record"),
    list(rows(found)),
    make("h3", "", "Files, by SHA-256"),
    list(Object.entries(found.files_sha256 ?? {}), true),
  ].filter(Boolean);
}

function rows(found) {
  const stages = (found.stages_ms ?? []).map((ms, index) => `${STAGES[index] ?? "?"} ${ms.toFixed(1)}`).join("\n");
  const after = (found.judged_mono_ns - found.captured_mono_ns) / 1e6;
  return [
    ["captured", `${day(found.captured_utc_ns)} ${clock(found.captured_utc_ns)}`],
    ["captured, UTC", found.captured_utc?.slice(0, 23).replace("T", " ")],
    ["verdict after", Number.isFinite(after) ? `${after.toFixed(0)} ms` : null],
    ["stages, ms", stages],
    ["time in source", typeof found.pts_s === "number" ? `${found.pts_s.toFixed(3)} s` : null],
    ["picture", `${found.width} × ${found.height} px`],
    ["part", found.part],
    ["run", found.run],
    ["bundle", found.bundle_id],
    ["recipe", found.recipe],
    ["settings", found.settings_id],
    ["inspector", found.inspector],
    ["computer", found.host],
    ["reason", found.reason],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
}

function region(one) {
  const said = typeof one.score === "number" ? `score ${scored(one.score)}` : one.reason;
  return [one.name, [one.state, said].filter(Boolean).join(", ")];
}

function list(rowsOf, code = false) {
  const made = make("dl", "record");
  facts(made, rowsOf);
  if (code) for (const value of made.querySelectorAll("dd")) value.className = "code";
  return made;
}

function defects(found, scale) {
  const unit = scale ? "px, mm" : "px";
  const size = (px) => px.toFixed(1) + (scale ? `\n${(px * scale).toFixed(2)}` : "");
  const named = found.some((d) => d.region);
  const words = ["kind", "score", "area px", `length ${unit}`, `width ${unit}`, "at", ...(named ? ["region"] : [])];
  const head = words.map((word) => make("th", "", word));
  const body = found.map((d) => make("tr", "", ...[
    d.kind, scored(d.score), number(d.area_px), size(d.length_px), size(d.width_px), `${d.box[0]}, ${d.box[1]}`,
    ...(named ? [d.region] : []),
  ].map((text) => make("td", "", text))));
  return make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...body));
}
