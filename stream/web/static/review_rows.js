// The rows found so far, page by page behind a cursor, newest first. Nothing that is shown moves by itself.

export const PAGE_ROWS = 100;
const LOOK_ROWS = 30;

export class Rows {
  /** `ask(after, limit)` gives {ok, error, rows, next}; `key(row)` its name; `changed()` is told of every change. */
  constructor(ask, key, changed) {
    Object.assign(this, { ask, key, changed, rows: [], at: new Map(), fresh: [], gap: false, next: undefined, error: "", loading: null });
    this.cursors = []; // {name of a page's first row, cursor before it}
  }

  get ended() {
    return this.next === null;
  }

  /** The next page; whoever asks meanwhile waits for the same one. */
  more() {
    if (this.ended) return Promise.resolve();
    this.loading ??= this.page().finally(() => {
      this.loading = null;
      this.changed();
    });
    return this.loading;
  }

  async page() {
    const cursor = this.next;
    const { ok, error, rows, next } = await this.ask(cursor, PAGE_ROWS);
    this.error = error;
    if (!ok) return;
    this.next = next ?? null;
    if (rows.length) this.cursors.push({ name: this.key(rows[0]), cursor });
    for (const row of rows) if (!this.update(row)) this.append(row);
  }

  append(row) {
    this.at.set(this.key(row), this.rows.length);
    this.rows.push(row);
  }

  /** Puts a newer word on a row that is known; false where it is not. */
  update(row) {
    const index = this.at.get(this.key(row));
    if (index === undefined) return false;
    this.rows[index] = { ...this.rows[index], ...row };
    return true;
  }

  /** Asks what is newest: known rows take on what has changed, others wait in `fresh` until they are wanted. */
  async look() {
    if (this.next === undefined) return;
    const { ok, rows, next } = await this.ask(undefined, LOOK_ROWS);
    if (!ok) return;
    const oldest = this.ended ? -Infinity : this.rows.at(-1)?.utc_ns ?? Infinity;
    const unknown = rows.filter((row) => !this.update(row));
    this.fresh = unknown.filter(({ utc_ns: at }) => at >= oldest);
    this.gap = next !== null && this.fresh.length > 0 && this.fresh.length === rows.length;
    this.changed();
    return this.absent(rows, 0);
  }

  /** Asks for the page around an index again; gives the rows in it that fit the filter no more. */
  async glance(index) {
    const page = this.cursors.findLast(({ name }) => this.at.get(name) <= index);
    if (!page) return [];
    const { ok, rows } = await this.ask(page.cursor, PAGE_ROWS);
    if (!ok) return [];
    for (const row of rows) this.update(row);
    this.changed();
    return this.absent(rows, this.at.get(page.name));
  }

  absent(rows, from) {
    const there = new Set(rows.map((row) => this.key(row)));
    const last = Math.max(-1, ...rows.map((row) => this.at.get(this.key(row)) ?? -1));
    return this.rows.slice(from, last + 1).filter((row) => !there.has(this.key(row)));
  }

  /** Lets the fresh ones in. False where there are more than came in one page: begin anew then. */
  takeFresh() {
    if (this.gap) return false;
    this.rows = [...this.fresh, ...this.rows].sort((one, other) => other.utc_ns - one.utc_ns);
    this.at = new Map(this.rows.map((row, index) => [this.key(row), index]));
    this.fresh = [];
    this.changed();
    return true;
  }
}
