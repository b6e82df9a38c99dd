// The one connection to the line: opened again with back-off for ever, and given up where it is silent.

const BACK_OFF_MS = { first: 250, most: 3000 };
const SILENT_MS = 4000; // the server speaks five times a second: a connection this silent is dead
const ECHO_MS = 2000;

/** Takes a binary message apart, without a copy: four bytes of length, the header as JSON, the JPEG, the mask as a PNG where there is one. */
export function picture(buffer) {
  const start = 4 + new DataView(buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)));
  const end = start + header.jpeg_bytes;
  const jpeg = new Uint8Array(buffer, start, header.jpeg_bytes);
  const mask = header.mask_box && new Uint8Array(buffer, end);
  return { header, jpeg, mask, bytes: buffer.byteLength };
}

/** How far the server's clock is ahead of the page's, as the quickest of the last echoes says: its way there and back was shortest. */
export class Offset {
  constructor() {
    this.echoes = [];
  }

  echoed({ page_ms, here_ms }, now) {
    this.echoes = [...this.echoes.slice(-15), { way: now - page_ms, ahead: here_ms - (page_ms + now) / 2 }];
  }

  /** The server's time at a time of the page; null until there was an echo. */
  at(pageMs) {
    if (!this.echoes.length) return null;
    return pageMs + this.echoes.reduce((best, echo) => (echo.way < best.way ? echo : best)).ahead;
  }
}

/** Where the login has ended, the form for another stands at this very address. */
async function askedToLeave() {
  const answer = await fetch("/api/me").catch(() => null);
  if (answer?.status === 401) location.reload();
}

/**
 * hears: {open(), close(), picture(message, done), said(message)}; `done` lets the next picture come. A message of a
 * picture carries `age_ms`: how long ago it was captured, its way from the server included.
 * Gives {look(cameras, full), offset}: which cameras are shown how wide, {name: pixels}.
 */
export function connect(hears) {
  let wait = BACK_OFF_MS.first;
  let socket = null;
  let looks = null;
  const offset = new Offset();
  const say = (said) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(said));
  const echo = () => say({ kind: "echo", page_ms: performance.now() });
  const open = () => {
    const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket = opened;
    let heard = performance.now();
    const watch = setInterval(() => performance.now() - heard > SILENT_MS && giveUp(), 500);
    const giveUp = () => {
      if (opened.onclose === null) return;
      opened.onopen = opened.onmessage = opened.onclose = null;
      clearInterval(watch);
      opened.close();
      offset.echoes = [];
      hears.close();
      askedToLeave();
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 1.7, BACK_OFF_MS.most);
    };
    opened.binaryType = "arraybuffer";
    opened.onopen = () => {
      if (looks) say(looks);
      echo();
      hears.open();
    };
    opened.onclose = giveUp;
    opened.onmessage = ({ data }) => {
      heard = performance.now();
      wait = BACK_OFF_MS.first;
      if (typeof data === "string") {
        const said = JSON.parse(data);
        return said.kind === "echoed" ? offset.echoed(said, heard) : hears.said(said);
      }
      const message = picture(data);
      const { header } = message;
      message.arrived = heard;
      message.way = Math.max(0, (offset.at(heard) ?? header.sent_ms) - header.sent_ms);
      hears.picture(message, () => opened === socket && say({ kind: "got", camera: header.camera }));
    };
  };
  setInterval(echo, ECHO_MS);
  open();
  return {
    offset,
    look(cameras, full = false) {
      const said = { kind: "look", cameras, full };
      if (JSON.stringify(said) === JSON.stringify(looks)) return;
      looks = said;
      say(said);
    },
  };
}
