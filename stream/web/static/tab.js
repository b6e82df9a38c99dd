// The window's title and the tab's icon: the worst of what there is, seen also where the page is not.

import { icon } from "./shapes.js";

export class Tab {
  /** `name`: what the page is, as the title ends. */
  constructor(name) {
    Object.assign(this, { name, kind: "" });
    this.link = document.querySelector("link[rel='icon']");
  }

  /** worst: a situation, or null. alarms: how many nobody has acknowledged. */
  show(worst, alarms) {
    const words = [alarms ? `⚠ ${alarms}` : "", worst?.word ?? "", this.name].filter(Boolean);
    const title = words.join(" · ");
    if (document.title !== title) document.title = title;
    if (!worst || worst.kind === this.kind) return;
    this.kind = worst.kind;
    this.link.removeAttribute("type");
    this.link.href = icon(worst.kind);
    this.link.dataset.kind = worst.kind;
  }
}
