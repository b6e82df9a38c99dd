// What one hears: an alarm that nobody has acknowledged, and BAD where that is wanted. Made by the browser: no file.
//
// A browser makes no sound before somebody has clicked or pressed a key in the page, and after each opening anew.

const ALARM = [[880, 0, 0.18], [660, 0.22, 0.28]]; // Hz, begins after s, lasts s
const BAD = [[440, 0, 0.16]];
const AGAIN_MS = 4000; // an alarm, for as long as it stands
const BAD_APART_MS = 1000;
const LOUD = 0.25;

function kept(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export class Sound {
  constructor() {
    this.context = null;
    this.alarmed = this.bad = -Infinity;
    this.played = 0;
    this.wanted = kept("linewatch-sound", "on") === "on";
    this.ofBad = kept("linewatch-sound-bad", "off") === "on";
    this.before = false; // whether it was on when the last gesture began: that gesture alone may turn it on
    const wake = () => {
      this.before = this.on;
      if (this.wanted) this.open();
    };
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { capture: true });
  }

  /** Whether it would be heard now. */
  get on() {
    return this.wanted && this.context?.state === "running";
  }

  open() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume().catch(() => {});
  }

  want(wanted) {
    this.wanted = wanted;
    localStorage.setItem("linewatch-sound", wanted ? "on" : "off");
    if (wanted) this.open();
  }

  wantBad(wanted) {
    this.ofBad = wanted;
    localStorage.setItem("linewatch-sound-bad", wanted ? "on" : "off");
  }

  /** An alarm stands that nobody has acknowledged. */
  alarm(now) {
    if (now - this.alarmed < AGAIN_MS || !this.play(ALARM)) return;
    this.alarmed = now;
  }

  /** A camera has become BAD. */
  becameBad(now) {
    if (!this.ofBad || now - this.bad < BAD_APART_MS || !this.play(BAD)) return;
    this.bad = now;
  }

  play(tones) {
    if (!this.on) return false;
    this.played += 1;
    for (const [hertz, after, lasts] of tones) tone(this.context, hertz, this.context.currentTime + after, lasts);
    return true;
  }
}

/** One tone; it swells and fades, or it would click. */
function tone(context, hertz, begins, lasts) {
  const [voice, volume] = [context.createOscillator(), context.createGain()];
  voice.type = "triangle";
  voice.frequency.value = hertz;
  volume.gain.setValueAtTime(0, begins);
  volume.gain.linearRampToValueAtTime(LOUD, begins + 0.02);
  volume.gain.setValueAtTime(LOUD, begins + lasts - 0.05);
  volume.gain.linearRampToValueAtTime(0, begins + lasts);
  voice.connect(volume).connect(context.destination);
  voice.start(begins);
  voice.stop(begins + lasts);
}
