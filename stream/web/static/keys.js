// The keys of a page: one table, from which come what they do and the dialog that `?` opens.

import { make } from "./elements.js";

const TYPING = "input:not([type='range'], [type='checkbox'], [type='radio']), textarea, select, dialog";
const OWN = { " ": "button, a, summary, input", Enter: "button, a, summary", ArrowLeft: "input", ArrowRight: "input" };

/** table: [{keys: [" "], shown: "Space", says: "freeze, or back to live", act()}]; an entry without `act` is said alone. */
export function keys(table) {
  const dialog = explained(table);
  document.body.append(dialog);
  const open = () => (dialog.open ? dialog.close() : dialog.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?" && !event.target.closest(TYPING.replace(", dialog", ""))) return open();
    if (event.target.closest(TYPING)) return;
    if (event.target.matches(OWN[event.key] ?? ":not(*)")) return;
    const found = table.find((entry) => entry.act && entry.keys.includes(event.key));
    if (!found) return;
    event.preventDefault();
    found.act();
  });
  return open;
}

function explained(table) {
  const rows = [...table.filter((entry) => entry.says), { keys: ["?"], says: "this list" }].map(({ keys: named, shown, says }) => {
    const caps = (shown ?? named.join(" ")).split(" ").map((key) => make("kbd", "", key));
    return make("div", "", make("dt", "", ...caps.flatMap((cap, at) => (at ? [" ", cap] : [cap]))), make("dd", "", says));
  });
  const close = make("button", "primary", "Close");
  const dialog = make("dialog", "dialog keys", make("h2", "", "Keys"), make("dl", "", ...rows), make("div", "ends", close));
  dialog.ariaLabel = "Keys";
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return dialog;
}
