// Alarms and the connection on a page that shows no live picture: it asks the line for none.

import { Bells } from "./bells.js";
import { connect } from "./socket.js";

const TICK_MS = 500;

const bells = new Bells();
connect({
  open: () => bells.linked(true),
  close: () => bells.linked(false),
  said: (message) => message.kind === "status" && bells.take(message),
  picture: (_message, done) => done(),
}).look({});
setInterval(() => {
  const open = bells.tick(performance.now());
  const title = `${open ? `⚠ ${open} · ` : ""}${document.title.replace(/^⚠ \d+ · /, "")}`;
  if (document.title !== title) document.title = title;
}, TICK_MS);
