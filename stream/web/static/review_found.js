// What was found: the list beside the one that is looked at, how many there are, and those that came since.

import { get } from "./review_calls.js";
import { Rows } from "./review_rows.js";
import { WindowedList } from "./review_window.js";
import { number } from "./rules.js";

const ABSENT_MOST = 20; // that are asked for one by one
const NEXT_MOST = 5000; // rows that are asked for at most to find one that nobody has reviewed
const byId = (id) => document.getElementById(id);

export class Found {
  /** `kind` as in review_desk.js; `said(row)` gives {verdict, saved, pinned} as it stands for this page. */
  constructor(kind, said) {
    Object.assign(this, { kind, said, current: "", rows: null });
    this.list = new WindowedList(byId("list"), {
      tile: (row) => kind.tile(row, this.how(row)),
      key: kind.key,
      sign: (row) => JSON.stringify([row, this.how(row), kind.scale(row)]),
      nearEnd: () => this.rows && !this.rows.error && this.rows.more(),
      label: kind.label,
    });
    byId("more").addEventListener("click", () => this.rows.more());
    byId("fresh").addEventListener("click", () => this.takeFresh());
  }

  how(row) {
    return { ...this.said(row), current: this.kind.key(row) === this.current };
  }

  /** Looks anew. */
  begin(asked) {
    this.asked = asked;
    this.current = "";
    const { api, rowsOf, key } = this.kind;
    this.rows = new Rows(async (after, limit) => {
      const { ok, error, body } = await get(api, { ...await asked, after, limit });
      return { ok, error: error || body?.note || "", rows: ok ? rowsOf(body) : [], next: body?.next };
    }, key, () => this.show());
    byId("list").scrollTop = 0;
    this.rows.more();
    this.show();
  }

  show() {
    const { rows, fresh, next, error, ended, gap } = this.rows;
    this.list.show(rows, ended ? rows.length : -1);
    byId("count").textContent = next === undefined ? (error ? "" : "looking…") : ended ? `all ${number(rows.length)}` : `${number(rows.length)} shown, there are more`;
    byId("fresh").hidden = !fresh.length;
    byId("fresh").textContent = `${gap ? "more than " : ""}${number(fresh.length)} new`;
    byId("end-text").textContent = error ? `${error}.` : ended && !rows.length ? (location.search ? "None that fit." : "None yet.") : "";
    byId("more").textContent = error ? "Try again" : "Older ones";
    byId("more").hidden = ended;
    byId("end").hidden = ended && rows.length > 0 && !error;
  }

  /** The newest are let in at the top, and shown. */
  takeFresh() {
    if (!this.rows.takeFresh()) return this.begin(this.asked);
    byId("list").scrollTop = 0;
    this.list.draw();
    byId("list").querySelector("a")?.focus();
  }

  /** Which row holds that frame; -1 where none of those that are here does. */
  indexOf(frame) {
    return this.rows.rows.findIndex((row) => this.kind.holds(row, frame));
  }

  get index() {
    return this.rows.at.get(this.current) ?? -1;
  }

  /** Makes a row the one that keys act on. */
  choose(row, focus = false) {
    this.current = row ? this.kind.key(row) : "";
    this.show();
    if (this.index < 0) return;
    this.list.reveal(this.index);
    if (focus) this.list.focus(this.current);
  }

  get columns() {
    return this.list.shape.columns;
  }

  /** The row at an index, once it has come; undefined beyond the ends. */
  async row(index) {
    while (index >= this.rows.rows.length && !this.rows.ended && !this.rows.error) await this.rows.more();
    return this.rows.rows[index];
  }

  /** The next one below a row that nobody has reviewed, else the first one above; undefined where there is none. */
  async unreviewed(row) {
    const after = this.index;
    if (after < 0) return this.below(row);
    for (let index = after + 1; index < after + NEXT_MOST; index += 1) {
      const row = await this.row(index);
      if (!row) break;
      if (!this.said(row).verdict) return row;
    }
    return this.rows.rows.slice(0, Math.max(0, after)).find((row) => !this.said(row).verdict);
  }

  /** The same of a row that is not in the list, or lies far below what has come of it. */
  async below(row) {
    const { api, rowsOf, key } = this.kind;
    const until = row.utc_ns ? new Date(row.utc_ns / 1e6 + 1).toISOString() : ""; // others of the same moment count as below
    const { ok, body } = await get(api, { ...await this.asked, review: "none", until, limit: 20 });
    return ok ? rowsOf(body).find((one) => key(one) !== key(row) && !this.said(one).verdict) : undefined;
  }

  /** How many of those that are here nobody has reviewed, and whether there may be more. */
  get left() {
    return this.rows.rows.reduce((count, row) => count + (this.said(row).verdict ? 0 : 1), 0);
  }

  update(row) {
    if (this.rows.update(row)) this.show();
  }

  /** Looks again at what is newest and at what is seen. What others reviewed meanwhile may fit no more: it says so. */
  async news() {
    const { rows } = this;
    const seen = this.list.seen;
    const absent = [...(await rows.look()) ?? [], ...(seen > 0 ? await rows.glance(seen) : [])];
    const open = absent.filter((row) => !this.said(row).verdict).slice(0, ABSENT_MOST);
    for (const row of open) {
      const { ok, row: now } = await this.kind.one(this.kind.frame(row), {});
      if (ok && this.rows === rows) this.update(now);
    }
  }
}
