// The fields of a filter: filled from the address, and read back into it.

import { make } from "./elements.js";
import { dateOf, spanOf } from "./review_filters.js";
import { plain } from "./review_words.js";

const TYPING_MS = 400;

export class FilterForm {
  /** `changed(filter)` is told when a person has chosen; fields are told by their names. */
  constructor(form, changed) {
    Object.assign(this, { form, changed, due: null, folding: folding(form) });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => this.told() || form.reportValidity());
    form.addEventListener("input", ({ target }) => {
      if (target.type === "search" || target.type === "number") this.soon();
    });
  }

  get fields() {
    return [...this.form.elements].filter((field) => field.name);
  }

  soon() {
    clearTimeout(this.due);
    this.due = setTimeout(() => this.told(), TYPING_MS);
  }

  /** False where a field holds what nothing can be looked for by: what is listed stays, and the field says so. */
  told() {
    clearTimeout(this.due);
    this.spans();
    const valid = this.form.checkValidity();
    for (const field of this.fields) field.ariaInvalid = String(!field.validity.valid);
    if (valid) this.changed(this.read());
    return valid;
  }

  read() {
    const filter = {};
    for (const field of this.fields) {
      const value = field.type === "checkbox" ? (field.checked ? field.value : "") : field.value.trim();
      if (value) filter[field.name] = value;
    }
    const { since, until } = filter;
    delete filter.since;
    delete filter.until;
    if (filter.when === "span") {
      if (dateOf(since)) filter.since = dateOf(since).toISOString();
      if (dateOf(until)) filter.until = dateOf(until).toISOString();
    }
    return filter;
  }

  fill(filter) {
    const [since, until] = spanOf(filter);
    const all = { ...filter, since, until, when: filter.when || (since || until ? "span" : "") };
    for (const field of this.fields) {
      const value = all[field.name] ?? "";
      if (field.type === "checkbox") field.checked = value === field.value;
      else if (field !== document.activeElement) put(field, value);
    }
    const count = Object.keys(this.read()).length;
    this.folding.firstChild.textContent = count ? `Filter: ${count} chosen` : "Filter";
    for (const field of this.fields) field.ariaInvalid = "false";
    this.spans();
    const more = this.form.querySelector(".more-filters");
    if (more && this.fields.some((field) => more.contains(field) && filter[field.name])) more.open = true;
  }

  spans() {
    const spanned = this.form.elements.when?.value === "span";
    for (const one of this.form.querySelectorAll("[data-span]")) one.hidden = !spanned;
  }

  /** What a menu offers; what is chosen already stays, known or not. */
  offer(name, values) {
    const menu = this.form.elements[name];
    const chosen = menu.value;
    menu.replaceChildren(menu.options[0], ...values.map(option));
    put(menu, chosen);
  }
}

/** On a phone the fields lie behind this button: they would fill the screen (review.css). */
function folding(form) {
  const button = make("button", "unfold", "Filter");
  button.type = "button";
  button.ariaExpanded = "false";
  button.addEventListener("click", () => {
    const open = form.toggleAttribute("data-unfolded");
    button.ariaExpanded = String(open);
  });
  form.prepend(button);
  return button;
}

function put(field, value) {
  if (field.tagName === "SELECT" && ![...field.options].some((one) => one.value === value)) field.append(option(value));
  field.value = value;
}

function option(value) {
  const made = make("option", "", plain(value));
  made.value = value;
  return made;
}
