// @ts-check
// What time it is at the server: every message carries it; between two messages its observed rate carries on.

const WINDOW_MS = 20_000;
const LONGEST_STEP_MS = 6_000;
const REAL_TIME = 0.15;
const NEW_RUN_MS = 600_000;

/** @typedef {{local: number, server: number}} Sample */

export class ServerClock {
  /** @param {() => number} local monotonic milliseconds of this machine */
  constructor(local = () => performance.now()) {
    this.local = local;
    /** @type {Sample[]} */
    this.samples = [];
    this.shown = 0;
  }

  /** Take the time of a message. @param {number} serverMs */
  observe(serverMs) {
    if (!serverMs) return;
    const last = this.samples.at(-1);
    if (last && serverMs < last.server - NEW_RUN_MS) this.reset();
    if (last && serverMs < last.server) return;
    const local = this.local();
    this.samples.push({ local, server: serverMs });
    while (this.samples.length > 2 && local - this.samples[0].local > WINDOW_MS) this.samples.shift();
  }

  reset() {
    this.samples = [];
    this.shown = 0;
  }

  /** Server milliseconds per local millisecond: 1 unless the run's clock is clearly another. */
  rate() {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.local - first.local < 1_500) return 1;
    const slope = (last.server - first.server) / (last.local - first.local);
    return Math.abs(slope - 1) < REAL_TIME ? 1 : Math.max(0, slope);
  }

  /** @returns {number} the server's Unix milliseconds, never running back by itself */
  now() {
    const last = this.samples.at(-1);
    if (!last) return Date.now();
    const rate = this.rate();
    const since = this.local() - last.local;
    const carried = rate === 1 ? since : Math.min(since, LONGEST_STEP_MS) * rate;
    this.shown = Math.max(this.shown, last.server + carried);
    return this.shown - last.server > NEW_RUN_MS * 6 ? (this.shown = last.server) : this.shown;
  }
}
