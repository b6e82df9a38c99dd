// The one connection to the line: opened again with back-off for ever, and given up where it is silent.

const BACK_OFF_MS = { first: 250, most: 3000 };
const SILENT_MS = 4000; // the server speaks five times a second: a connection this silent is dead

/** Takes a binary message apart: four bytes of length, the header as JSON, the JPEG. */
export function picture(buffer) {
  const length = new DataView(buffer).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { header, jpeg: new Blob([new Uint8Array(buffer, 4 + length)], { type: "image/jpeg" }) };
}

/** hears: {open(), close(), picture(header, jpeg, done), said(message)}. `done` lets the next picture come. */
export function connect(hears) {
  let wait = BACK_OFF_MS.first;
  const open = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    let heard = performance.now();
    const watch = setInterval(() => performance.now() - heard > SILENT_MS && giveUp(), 500);
    const giveUp = () => {
      if (socket.onclose === null) return;
      socket.onopen = socket.onmessage = socket.onclose = null;
      clearInterval(watch);
      socket.close();
      hears.close();
      setTimeout(open, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 1.7, BACK_OFF_MS.most);
    };
    socket.binaryType = "arraybuffer";
    socket.onopen = () => hears.open();
    socket.onclose = giveUp;
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      wait = BACK_OFF_MS.first;
      if (typeof data === "string") return hears.said(JSON.parse(data));
      const { header, jpeg } = picture(data);
      const done = () => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify({ kind: "got", camera: header.camera }));
      hears.picture(header, jpeg, done);
    };
  };
  open();
}
