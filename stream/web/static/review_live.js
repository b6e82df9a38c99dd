// Looks again every few seconds, while somebody can see it. Not by the line's events: they bring every verdict of every
// camera, and a browser keeps six connections to a host for all its windows.

const EVERY_MS = 5000;

export function keepLooking(look) {
  let busy = false;
  const again = async () => {
    if (document.hidden || busy) return;
    busy = true;
    await look().finally(() => { busy = false; });
  };
  setInterval(again, EVERY_MS);
  document.addEventListener("visibilitychange", again);
}
