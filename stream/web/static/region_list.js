// The list beside the picture: each region's name, numbers and scale, to be read and typed.

import { make } from "./elements.js";
import { kindOf, rectangleOf, withRectangle } from "./region_shapes.js";

const CORNERS = ["left", "top", "right", "bottom"];
const WORDS = { box: "Box", polygon: "Polygon", tiles: "Tiles", locate: "Code" };

export class List {
  constructor(root, nothing, model, tell) {
    this.root = root;
    this.nothing = nothing;
    this.model = model;
    this.tell = tell;
  }

  /** All anew; what is being typed into stays. */
  draw() {
    const typing = this.root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.nothing.hidden = this.model.regions.length > 0;
    this.root.replaceChildren(...this.model.regions.map((region, index) => this.item(region, index)));
    this.say();
    if (typing) this.root.querySelector(`[data-key="${CSS.escape(typing)}"]`)?.focus();
  }

  /** What is said of each, and which is chosen; nothing that somebody may be typing into is touched. */
  say() {
    [...this.root.children].forEach((item, index) => {
      const said = this.model.said(index);
      const words = item.querySelector(".words");
      words.textContent = said ? [...said.problems, said.words, seen(said)].filter(Boolean).join("; ") : "…";
      words.dataset.enough = said?.enough ?? true;
      words.dataset.wrong = Boolean(said?.problems.length);
      item.classList.toggle("chosen", index === this.model.chosen);
    });
  }

  item(region, index) {
    const item = make("li", "");
    const name = this.input(index, "name", region.name, "text");
    name.maxLength = 32;
    name.setAttribute("aria-label", "name");
    const remove = make("button", "delete", "Delete");
    remove.type = "button";
    remove.addEventListener("click", () => {
      this.model.regions.splice(index, 1);
      this.model.chosen = -1;
      this.tell("changed");
    });
    const head = make("div", "head", make("span", "kind", WORDS[kindOf(region)]), name, remove);
    item.append(head, this.numbers(region, index), make("p", "words"));
    item.addEventListener("focusin", () => {
      if (this.model.chosen !== index) {
        this.model.chosen = index;
        this.tell("chosen");
      }
    });
    return item;
  }

  numbers(region, index) {
    const fields = make("div", "numbers");
    if (region.polygon) {
      fields.append(make("span", "", `${region.polygon.length} corners`));
    } else {
      const box = rectangleOf(region, this.model.size);
      CORNERS.forEach((word, at) => fields.append(this.labelled(`${word}, px`, this.input(index, word, box[at], "number", (value) => {
        const changed = [...rectangleOf(this.model.regions[index], this.model.size)];
        changed[at] = value;
        return withRectangle(this.model.regions[index], changed);
      }))));
    }
    const below = (kind, key, word, step = 1) => fields.append(this.labelled(word, this.input(index, key, region[kind][key], "number", (value) => {
      const now = this.model.regions[index];
      return { ...now, [kind]: { ...now[kind], [key]: step === 1 ? Math.round(value) : value } };
    }, step)));
    if (region.tiles) {
      below("tiles", "size", "tile, px");
      below("tiles", "overlap", "overlap, px");
    }
    if (region.locate) {
      below("locate", "length", "length, px");
      below("locate", "margin", "margin", 0.05);
      below("locate", "light", "light, grey");
      below("locate", "count", "codes");
      fields.append(this.labelled("no code", this.missing(region, index)));
    }
    return fields;
  }

  missing(region, index) {
    const choice = make("select", "");
    choice.dataset.key = `${index}-when_missing`;
    for (const [value, word] of [["unknown", "UNKNOWN"], ["good", "empty: GOOD"]]) choice.append(new Option(word, value, false, region.locate.when_missing === value));
    choice.addEventListener("change", () => {
      const now = this.model.regions[index];
      this.model.regions[index] = { ...now, locate: { ...now.locate, when_missing: choice.value } };
      this.tell("changed");
    });
    return choice;
  }

  labelled(word, field) {
    return make("label", "", word, field);
  }

  input(index, key, value, type, becomes = null, step = 1) {
    const field = make("input", "");
    field.type = type;
    field.step = step;
    field.value = value;
    field.dataset.key = `${index}-${key}`;
    field.addEventListener("change", () => {
      if (type === "number" && !Number.isFinite(field.valueAsNumber)) return this.draw();
      const region = this.model.regions[index];
      this.model.regions[index] = becomes ? becomes(field.valueAsNumber) : { ...region, name: field.value.trim() };
      this.tell("changed");
    });
    return field;
  }
}

/** What is found in the picture that is shown. */
function seen(said) {
  if (said.missing) return `in this picture: ${said.missing}`;
  return said.found.length ? `in this picture: ${said.found.length === 1 ? "a code" : `${said.found.length} codes`}` : "";
}
