// What was found in a time, below the plots: defects by kind and by region, parts that are not GOOD.

import { make } from "./elements.js";
import { shown } from "./figures_plot.js";

/** Bars with their words: a name, a count. */
export function bars(title, unit, groups, one) {
  const most = Math.max(1, ...groups.map(({ incidents }) => incidents));
  const rows = groups.slice(0, 20).map((group) => {
    const bar = make("progress", "");
    bar.max = most;
    bar.value = group.incidents;
    bar.setAttribute("aria-hidden", "true");
    const name = `${one ? "" : `${group.camera}: `}${group.name || "(none)"}`;
    return make("li", "", make("span", "word", name), bar, make("span", "count", `${shown(group.incidents)}`));
  });
  const list = rows.length ? make("ul", "bars", ...rows) : make("p", "nothing", "None in this time.");
  return make("section", "panel plot", make("header", "", make("h2", "", title), make("span", "soft", unit)), list);
}

/** The parts that are not GOOD; `clock(ms)` gives a time in words. */
export function parts(found, clock) {
  const rows = found.parts_not_good.map((part) => {
    const link = make("a", "", part.part);
    link.href = `/incidents?${new URLSearchParams({ part: part.part })}`;
    const chip = make("span", "chip", part.state ?? "open");
    chip.dataset.state = part.state ?? "";
    return make("tr", "", make("td", "", link), make("td", "", part.camera), make("td", "", chip), make("td", "number", shown(part.frames)), make("td", "", clock(part.told_utc_ns / 1e6)));
  });
  const head = make("tr", "", ...["Part", "Camera", "State", "Frames", "Announced"].map((word) => make("th", "", word)));
  const counts = Object.entries(found.parts).map(([state, n]) => `${shown(n)} ${state}`).join(", ");
  const table = make("div", "scroll", make("table", "table", make("thead", "", head), make("tbody", "", ...rows)));
  return make("section", "panel plot", make("header", "", make("h2", "", "Parts"), make("span", "soft", counts)), rows.length ? table : make("p", "nothing", "None that is not GOOD."));
}
