// What all pages share: the header (where one can go, whether the line is heard, light or dark, who one is), the place
// for alarms below it, the foot with the way to the API and to the keys. Fills <header class="nav" id="nav">, and adds to
// <footer class="foot"> where a page has one of its own. bells.js fills what is about the line.

import { make } from "./elements.js";
import { keptName, me } from "./who.js";

const PAGES = [
  ["/", "Wall"],
  ["/incidents", "Incidents"],
  ["/samples", "Samples"],
  ["/figures", "Figures"],
  ["/report", "Report"],
  ["/audit", "Audit"],
];
const WISHES = [
  ["system", "as the system says", "M24 6a18 18 0 1 0 0 36a18 18 0 1 0 0-36zM24 6v36M29 8v32M34 11v26M38 15v18"],
  ["light", "light", "M24 15a9 9 0 1 0 0 18a9 9 0 1 0 0-18 M24 3v5M24 40v5M3 24h5M40 24h5M9 9l4 4M35 35l4 4M39 9l-4 4M13 35l-4 4"],
  ["dark", "dark", "M40 29A18 18 0 1 1 19 8a14 14 0 0 0 21 21z"],
];
const LOGO = "M2 10V4a2 2 0 0 1 2-2h6M22 2h6a2 2 0 0 1 2 2v6M30 22v6a2 2 0 0 1-2 2h-6M10 30H4a2 2 0 0 1-2-2v-6M8 20l5-7 4 5 3-3 4 5";

function drawing(path, size, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
  svg.firstChild.setAttribute("d", path);
  return svg;
}

function title() {
  const home = make("a", "nav-home", drawing(LOGO, 32, "logo"), make("strong", "", "Linewatch"), make("span", "nav-line"));
  home.href = "/";
  home.lastChild.id = "line";
  return home;
}

function links() {
  const nav = make("nav", "nav-pages", ...PAGES.map(([path, word]) => {
    const link = make("a", "", word);
    link.href = path;
    if (location.pathname === path) link.setAttribute("aria-current", "page");
    return link;
  }));
  nav.setAttribute("aria-label", "Pages");
  // On a phone not all of them fit: the one that is open is to be seen, and that there are others beside it.
  const look = () => { nav.dataset.more = beside(nav); };
  nav.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(() => {
    centre(nav, nav.querySelector("[aria-current]"));
    look();
  }).observe(nav);
  return nav;
}

/** Scrolls the bar alone, not the page. */
function centre(nav, link) {
  if (!link) return;
  const [bar, there] = [nav, link].map((one) => one.getBoundingClientRect());
  nav.scrollLeft += there.left + there.width / 2 - bar.left - bar.width / 2;
}

/** Where there is more than is seen: "", "left", "right" or both. */
function beside({ scrollLeft, clientWidth, scrollWidth }) {
  return [scrollLeft > 1 && "left", scrollLeft + clientWidth < scrollWidth - 1 && "right"].filter(Boolean).join(" ");
}

/** Light, dark, or as the system says; theme.js does what is chosen. */
function theme() {
  const button = make("button", "quiet icon");
  button.type = "button";
  const show = () => {
    const [, word, path] = WISHES.find(([wish]) => wish === document.documentElement.dataset.wish) ?? WISHES[0];
    button.replaceChildren(drawing(path, 48, "theme"));
    button.title = button.ariaLabel = `Light or dark: ${word}`;
  };
  button.addEventListener("click", () => {
    const at = WISHES.findIndex(([wish]) => wish === document.documentElement.dataset.wish);
    localStorage.setItem("linewatch-theme", WISHES[(at + 1) % WISHES.length][0]);
    dispatchEvent(new Event("linewatch-theme"));
    show();
  });
  show();
  return button;
}

/** Who looks: the user who has logged in, else the name that this browser was given. */
async function visitor(element) {
  const { name: user, role, users } = await me();
  const name = users ? user : keptName();
  element.replaceChildren(name ? (users ? `${name} · ${role}` : name) : "");
  if (users && name !== "token") element.append(logOut());
}

/** Ends the session; the form to log in again then stands at this very address. */
function logOut() {
  const button = make("button", "quiet", "Log out");
  button.type = "button";
  button.addEventListener("click", async () => {
    await fetch("/api/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }).catch(() => null);
    location.reload();
  });
  return button;
}

async function line(element) {
  const answer = await fetch("/status.json").catch(() => null);
  if (answer?.ok && !element.textContent) element.textContent = (await answer.json()).line;
}

/** Whether the line is heard, and whether alarms are. */
function bells() {
  const sounds = make("span", "sounds"), link = make("p", "link", make("span", "dot"), make("span", "", "connecting…"));
  sounds.id = "sounds";
  link.id = "link";
  link.dataset.on = false;
  link.lastChild.id = "link-text";
  return make("div", "nav-own", sounds, link);
}

function alarms() {
  const list = make("ul", "alarms");
  list.id = "alarms";
  list.role = "alert";
  return list;
}

/** The ways that are seldom gone. The button presses `?`, whatever table of keys the page has. */
function foot() {
  const there = document.querySelector("footer.foot");
  const api = make("a", "", "API");
  api.href = "/api";
  const keys = make("button", "quiet", "Keys ", make("kbd", "", "?"));
  keys.type = "button";
  keys.id = "keys";
  keys.addEventListener("click", () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "?", bubbles: true })));
  const ends = make("span", "foot-ends", api, keys);
  if (there) there.append(ends);
  else document.body.append(make("footer", "foot", ends));
}

const header = document.getElementById("nav");
const who = make("span", "nav-who");
header.replaceChildren(title(), links(), make("div", "nav-end", bells(), make("span", "nav-self", who, theme())));
header.after(alarms());
foot();
visitor(who);
addEventListener("linewatch-name", () => visitor(who));
line(header.querySelector("#line"));
