// Elements from plain values. Text is only ever set as text.

/** An element with a class, text or children. */
export function make(tag, name, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Fills a <dl> with [word, value, options]; keeps its elements where the words are the same, so that nothing flickers. */
export function facts(list, rows) {
  const words = rows.map(([word]) => word).join("\n");
  if (list.dataset.words !== words) {
    list.dataset.words = words;
    list.replaceChildren(...rows.map(([word, , options]) => make("div", options?.name, make("dt", "", word), make("dd"))));
  }
  rows.forEach(([, value, options], index) => {
    const row = list.children[index];
    write(row.lastElementChild, String(value), options?.small ?? "");
    row.className = options?.name ?? "";
    row.toggleAttribute("data-some", Boolean(options?.some));
  });
}

/** Sets a text where it has changed. */
export function write(element, text, small = "") {
  const whole = `${text}\n${small}`;
  if (element.said === whole) return;
  element.said = whole;
  element.replaceChildren(text, ...(small ? [make("small", "", small)] : []));
}
