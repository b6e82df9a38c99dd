// The page /report: asks the line for the report of the day or shift in the address, and shows it. It comes as HTML that
// the line wrote: parsed as a document of its own, in which nothing runs, before it is taken over.

import { keys } from "./keys.js";

const form = document.getElementById("asked");
const place = document.getElementById("place");
const wrong = document.getElementById("wrong");
const SHIFT = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?$/;

function asked() {
  const words = new URLSearchParams(location.search);
  const found = SHIFT.exec(words.get("shift") ?? "") ?? SHIFT.exec(words.get("day") ?? "");
  return { day: found?.[1] ?? "", shift: found?.[2] ?? "" };
}

function query({ day, shift }) {
  if (!day) return "";
  return `?${shift ? `shift=${encodeURIComponent(`${day} ${shift}`)}` : `day=${day}`}`;
}

async function show() {
  const wish = asked();
  try {
    const answer = await fetch(`/api/report${query(wish)}`, { signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error((await answer.json()).error);
    const article = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("article");
    const [, day, shift] = SHIFT.exec(article.dataset.shift);
    place.replaceChildren(document.adoptNode(article));
    form.day.value = day;
    form.shift.value = shift ?? "";
    document.title = `Report ${article.dataset.shift} · Linewatch`;
    const file = document.getElementById("file");
    const whole = query({ day, shift });
    file.href = `/api/report${whole}&whole=1`;
    file.download = `linewatch-${article.dataset.shift.replace(/[ :]/g, "-")}.html`;
    wrong.hidden = true;
    document.documentElement.dataset.shown = article.dataset.shift;
  } catch (error) {
    wrong.textContent = `The report cannot be had: ${error.message}`;
    wrong.hidden = false;
  }
}

async function shifts() {
  const answer = await fetch("/api/shifts", { signal: AbortSignal.timeout(10_000) });
  const { each } = await answer.json();
  if (each.length > 1) form.shift.append(...each.map((word) => new Option(`from ${word}`, word)));
  form.shift.parentElement.hidden = each.length < 2;
}

form.addEventListener("change", () => {
  if (!form.day.value) return;
  history.pushState(null, "", `/report${query({ day: form.day.value, shift: form.shift.value })}`);
  show();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("print").addEventListener("click", () => window.print());
addEventListener("popstate", show);
keys([
  { keys: ["p"], says: "print it, or save it as PDF", act: () => window.print() },
  { keys: ["s"], says: "save it as a file", act: () => document.getElementById("file").click() },
  { keys: ["d"], says: "another day", act: () => form.day.focus() },
]);
await shifts().catch(() => {});
await show();
