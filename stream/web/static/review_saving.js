// What was reviewed and is not on record yet. It is kept in this browser and said again until the line has it or refuses it.
//
// Each word carries a number of its own, so that one that was said twice because its answer was lost is on record once.
// It carries the name of whoever said it, too, and is sent while that is who one is: the next person at this browser
// is not put on record for it.

const KEPT = "linewatch-unsaved:";
const WAIT_MS = { first: 2000, most: 30_000 };

/** Whether it makes sense to say it again by itself: nobody answered, or nobody could. */
export function mayHelp(status) {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

export class Saving {
  /**
   * `send(path, body, id)` gives {ok, status, error}; `changed(item, answer)` is told whenever one is taken, saved or refused.
   * `who()` promises the name that goes on record now, null where the line does not say it.
   */
  constructor(send, changed, who, store = localStorage) {
    Object.assign(this, { send, changed, who, store, items: kept(store), name: null, busy: null, wait: WAIT_MS.first, due: null });
    addEventListener("online", () => this.again());
    addEventListener("storage", ({ key }) => key?.startsWith(KEPT) && this.reread());
  }

  /** Takes a word of `by`; it is in the browser's own store before it is sent. */
  add(path, body, about, by) {
    const item = { id: number(), path, body, about, by, at: Date.now(), tries: 0, error: "", stopped: false };
    this.items.push(item);
    this.keep(item);
    this.changed(item, null);
    this.go();
    return item;
  }

  /** Takes it back where it cannot have arrived; false where it may have. */
  drop(item) {
    if (!this.items.includes(item) || item.tries > 0) return false;
    this.forget(item);
    this.changed(item, null);
    return true;
  }

  /** Gives up on those that the line refuses. */
  discard() {
    for (const item of this.unsaved.filter((one) => one.stopped)) this.forget(item);
    this.changed(null, null);
  }

  /** Says everything again now, also what was refused: rights may have changed. */
  again() {
    for (const item of this.items) item.stopped = false;
    this.wait = WAIT_MS.first;
    return this.go();
  }

  get unsaved() {
    return this.items.filter((item) => item.error && !this.foreign(item));
  }

  /** Said by somebody else at this browser: they wait until that person is back. */
  get others() {
    return this.items.filter((item) => this.foreign(item));
  }

  foreign(item) {
    return this.name !== null && item.by !== this.name;
  }

  /** Sends one after the other; whoever calls meanwhile waits for the same round. */
  go() {
    clearTimeout(this.due);
    this.busy ??= this.round().finally(() => {
      this.busy = null;
    });
    return this.busy;
  }

  async round() {
    for (;;) {
      if (!this.items.some((one) => !one.stopped)) return;
      await this.ask();
      if (this.name === null) return this.unknown();
      const item = this.items.find((one) => !one.stopped && !this.foreign(one));
      if (!item) return;
      item.tries += 1;
      this.keep(item);
      const answer = await this.send(item.path, item.body, item.id);
      if (!this.settled(item, answer)) return this.later();
    }
  }

  /** Asks anew who one is: another window may have logged somebody else in. */
  async ask() {
    const before = this.name;
    this.name = await this.who();
    if (before !== this.name) this.changed(null, null);
  }

  /** Nobody says who one is: the line is away, or one has to log in anew. */
  unknown() {
    for (const item of this.items) item.error ||= "the line does not answer, or asks for a login";
    this.changed(null, null);
    this.later();
  }

  /** False where it is to be said again later. */
  settled(item, answer) {
    if (answer.ok) this.forget(item);
    else {
      item.error = answer.error;
      item.stopped = !mayHelp(answer.status);
      this.keep(item);
    }
    this.changed(item, answer);
    if (answer.ok) this.wait = WAIT_MS.first;
    return answer.ok || item.stopped;
  }

  later() {
    this.due = setTimeout(() => this.go(), this.wait);
    this.wait = Math.min(this.wait * 2, WAIT_MS.most);
  }

  /** What another window of this browser took or saved. */
  reread() {
    const here = new Map(this.items.map((item) => [item.id, item]));
    this.items = kept(this.store).map((item) => here.get(item.id) ?? item);
    this.changed(null, null);
  }

  keep(item) {
    try {
      this.store.setItem(KEPT + item.id, JSON.stringify(item));
    } catch {
      // A browser that keeps nothing, or is full: it is still said again for as long as this page is open.
    }
  }

  forget(item) {
    this.items = this.items.filter((one) => one !== item);
    this.store.removeItem(KEPT + item.id);
  }
}

function kept(store) {
  const names = Array.from({ length: store.length }, (_, index) => store.key(index)).filter((name) => name?.startsWith(KEPT));
  return names.map((name) => JSON.parse(store.getItem(name))).sort((one, other) => one.at - other.at);
}

/** 128 random bits. Not randomUUID: a page without TLS has none. */
function number() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
