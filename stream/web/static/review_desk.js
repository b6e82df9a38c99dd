// The desk of a reviewer: what is looked for, what was found, the one that is open, and what the keys do to it.
//
// It does not know whether these are incidents or samples. `kind` says that (incidents_page.js, samples_page.js):
//   path, api, known, label: the page's address, the API's, the words of its filter, the list's name
//   rowsOf(body), key(row), frame(row), holds(row, frame), folder(row), scale(row) mm/px, tile(row, how {verdict, saved, pinned, current})
//   asked(words): the words of the API, or a promise of them; after(row, item): the row once the line has an item
//   one(frame, asked): {ok, error, row, found, folder, clip, seq, reviews, newer, older, said}
//   verdicts [[verdict, key]], marking: the verdict that marks say, marksFirst: whether it begins by marking, filmed: whether there are films

import { make } from "./elements.js";
import { Bar } from "./review_bar.js";
import { Banner } from "./review_banner.js";
import { post } from "./review_calls.js";
import { filterOf, frameIn, hashOf, searchOf } from "./review_filters.js";
import { FilterForm } from "./review_form.js";
import { Found } from "./review_found.js";
import { help, listen } from "./review_keys.js";
import { keepLooking } from "./review_live.js";
import { Judging } from "./review_judging.js";
import { Look } from "./review_look.js";
import { offer } from "./review_menus.js";
import { One } from "./review_one.js";
import { paceWords } from "./review_pace.js";
import { Sayings } from "./review_sayings.js";
import { lacking } from "./rights.js";
import { asked } from "./review_shift.js";
import { keysOf } from "./review_table.js";
import { actionsOf } from "./review_actions.js";

const byId = (id) => document.getElementById(id);

export class Desk {
  constructor(kind) {
    Object.assign(this, { kind, open: null, row: null, one: null, search: null, why: "", drafts: new Map() });
    this.form = new FilterForm(byId("filters"), (filter) => this.goTo(searchOf(filter, kind.known), this.open ? hashOf(this.open) : ""));
    this.sayings = new Sayings(kind, post, new Banner(byId("unsaved")), (item, answer) => this.told(item, answer));
    this.found = new Found(kind, (row) => this.sayings.said(row));
    this.look = new Look({ filmed: kind.filmed, marked: () => this.draft() });
    this.judging = new Judging(this);
    const actions = actionsOf(this);
    const table = keysOf(kind);
    this.bar = new Bar(kind, { verdict: (name) => this.judging.pressed(name), pin: actions.pin, undo: actions.undo, mark: actions.mark, keep: () => this.judging.keep(), keys: () => help(table) });
    this.page = new One(byId("one"), this.look, this.bar, { step: (by) => this.step(by), close: () => this.close(), knownBad: (on) => this.sayings.knownBad(this.row, on) });
    listen(table, { ...actions, keys: () => help(table) });
    addEventListener("popstate", () => this.follow());
    document.querySelector(".skip").addEventListener("click", (event) => skip(event, byId("list")));
    keepLooking(() => this.news());
    this.follow();
    offer(this.form, kind.menus);
    this.sayings.saving.ask().then(() => this.sayings.saving.go());
    lacking("operator").then((why) => why && this.lookOnly(why));
  }

  /** Whoever may look alone is told so, and finds no button that the line would refuse. */
  lookOnly(why) {
    this.why = this.page.why = why;
    this.bar.refuse(why);
    this.look.marking.hidden = true;
    document.querySelector(".found .bar").append(make("span", "look-only", why));
  }

  /** Another place in this page, with an address of its own unless it stands in for the one before. */
  goTo(search, hash, instead = false) {
    if (search === this.search && hash === (this.open ? hashOf(this.open) : "")) return;
    try {
      history[instead ? "replaceState" : "pushState"](null, "", `${this.kind.path}${search}${hash}`);
    } catch {
      // A browser lets an address change so often and no more: a key that is held down goes on without.
    }
    this.follow(search, hash);
  }

  /** Goes where the address says; what is shown already stays. */
  follow(search = location.search, hash = location.hash) {
    if (this.search !== search) {
      this.search = search;
      const filter = filterOf(search, this.kind.known);
      this.form.fill(filter);
      this.asked = asked(filter).then((words) => this.kind.asked(words));
      byId("reset").hidden = !search;
      this.found.begin(this.asked);
    }
    const frame = frameIn(hash);
    if (frame) this.show(frame);
    else if (this.open) this.hide();
  }

  show(frame) {
    const was = this.open;
    if (was && hashOf(was) === hashOf(frame)) return;
    this.keepDraft();
    Object.assign(this, { open: frame, one: null, row: this.found.rows.rows[this.found.indexOf(frame)] ?? null });
    byId("one").hidden = false;
    byId("split").dataset.open = "true";
    this.page.open(frame, this.row);
    this.found.choose(this.row);
    this.bar.write(this.drafts.get(hashOf(frame)) ?? "");
    this.bar.say(this.why);
    this.stands();
    if (!was) this.page.title.focus();
    this.ask(frame);
  }

  hide() {
    this.keepDraft();
    this.open = this.one = null;
    this.look.clip?.close();
    this.look.mark(false);
    byId("one").hidden = true;
    delete byId("split").dataset.open;
    this.found.choose(this.row, true);
  }

  /** Asks for all that belongs to the open frame; once more, what people say of it by now. */
  async ask(frame) {
    const one = await this.kind.one(frame, await this.asked);
    if (this.open !== frame) return;
    if (!one.ok) return this.page.fail(one.error);
    if (this.one && this.look.marks.boxes.length && this.one.folder !== one.folder) return; // marks are of the picture that is shown
    const again = this.one && this.one.folder === one.folder;
    Object.assign(this, { one, row: { ...this.row, ...one.row } });
    if (again) this.page.said(one);
    else this.page.fill(one);
    this.found.update(one.row);
    if (this.found.index < 0) this.found.choose(one.row);
    this.stands();
    this.warm();
  }

  /** Has the pictures of the next one brought while one looks at this one. */
  async warm() {
    const next = this.found.rows.rows[this.found.index + 1];
    const folder = next && this.kind.folder(next);
    for (const name of folder ? ["frame.png", "mask.png"] : []) new Image().src = `${folder}/${name}`;
  }

  /** The row that keys act on. */
  get subject() {
    return this.open ? this.row : this.found.rows.rows[this.found.index] ?? null;
  }

  async step(by) {
    const { found } = this;
    if (this.open && found.index < 0) {
      const next = by > 0 ? this.one?.older : this.one?.newer;
      if (next) this.goTo(this.search, hashOf(next), true);
      return;
    }
    const row = await found.row(Math.max(0, found.index + by));
    if (!row) return this.bar.say("That was the oldest.");
    if (this.open) this.goTo(this.search, hashOf(this.kind.frame(row)), true);
    else found.choose(row, true);
  }

  close() {
    this.goTo(this.search, "");
  }

  /** Something was said, saved or refused. */
  told(item, answer) {
    if (item && answer?.ok) this.taken(item);
    this.found.show();
    this.stands();
  }

  /** The line has it. */
  taken({ about, body }) {
    const row = this.found.rows.rows[this.found.indexOf(about.frame)];
    if (row) this.found.update(this.kind.after(row, { about, body }));
    if (!this.open || !this.row || !this.kind.holds(this.row, about.frame)) return;
    this.row = this.kind.after(this.row, { about, body });
    this.ask(this.open);
  }

  /** Brings the bar up to date. */
  stands() {
    if (!this.found?.rows) return;
    const { left, rows } = this.found;
    this.bar.pace.textContent = paceWords(this.sayings.pace, left, !rows.ended);
    const said = this.row ? this.sayings.said(this.row) : { verdict: "", pinned: false, saved: true };
    this.bar.show(said);
    this.page.stands(said);
  }

  draft() {
    const count = this.look.marks.boxes.length;
    this.bar.say(count ? `${count} marked: Enter keeps ${count === 1 ? "it" : "them"}` : "");
  }

  keepDraft() {
    const text = this.bar.comment.value.trim();
    if (this.open && text) this.drafts.set(hashOf(this.open), text);
  }

  /** Something may have changed at the line. */
  async news() {
    await this.found.news();
    if (this.open) await this.ask(this.open);
  }
}

/** A link to a place of this page that must not become its address: that names a frame. */
function skip(event, place) {
  event.preventDefault();
  place.focus();
}
