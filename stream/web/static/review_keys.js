// Keys of the pages for reviewing: a table of them, who is asked when one is pressed, and the dialog that shows them all.

import { make } from "./elements.js";

/** What a pressed key means by `table` [{keys, name, said}]; undefined where it means nothing here. Pure. */
export function meaning(event, table) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const key = event.key.length === 1 && event.key !== " " ? event.key.toLowerCase() : event.key;
  return table.find(({ keys, shift = false }) => keys.includes(key) && (shift === event.shiftKey || event.key.length === 1))?.name;
}

/** Whether the key belongs to what has the focus: a field, a menu, an open dialog. */
export function taken(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return true;
  const { target } = event;
  if (target.closest?.("textarea, select, input:not([type=range], [type=checkbox], [type=radio])")) return true;
  if (target.closest?.("input")) return /^(Arrow|Home|End|Page| )/.test(event.key);
  if ((event.key === "Enter" || event.key === " ") && target.closest?.("button, a, summary")) return true;
  return /^Arrow(Up|Down)$/.test(event.key) && Boolean(target.closest?.(".one-facts"));
}

/** Calls `actions[name](event)` for each key of the table. */
export function listen(table, actions) {
  addEventListener("keydown", (event) => {
    if (taken(event)) return;
    const act = actions[meaning(event, table)];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", " ": "space", Escape: "Esc", Delete: "Del" };

/** Shows the keys, until Escape. */
export function help(table) {
  const sign = (key) => make("kbd", "", SIGNS[key] ?? (key.length === 1 ? key.toUpperCase() : key));
  const signs = ({ keys, shift }) => (shift ? [make("kbd", "", "Shift + arrows")] : keys.flatMap((key) => [sign(key), " "]));
  const lines = table.filter(({ said }) => said).map((line) => make("div", "", make("dt", "", ...signs(line)), make("dd", "", line.said)));
  const close = Object.assign(make("button", "primary", "Close"), { type: "submit" });
  const title = Object.assign(make("h2", "", "Keys"), { tabIndex: -1, autofocus: true });
  const form = make("form", "who-form", title, make("dl", "keys", ...lines), make("div", "ends", close));
  form.method = "dialog";
  const dialog = make("dialog", "dialog keys-dialog", form);
  dialog.ariaLabel = "Keys";
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
