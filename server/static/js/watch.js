// @ts-check
// What must be seen when the server itself is in trouble: silent processes, messages that did not leave, silent phones.

import { get } from './api.js';
import { byId, el } from './dom.js';
import { clockTime, t } from './i18n.js';

const EVERY_MS = 5_000;
const PATIENCE_MS = 30_000;

export class Watch {
  /** @param {{waiting: any[]}} alarm */
  constructor(alarm) {
    this.alarm = alarm;
    this.strip = byId('watch');
    this.startedAt = Date.now();
    this.shown = '';
    setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  async look() {
    const seen = await get('/api/v1/watch').catch(() => null);
    if (!seen) return; // the line's own state says that the server is away
    const lines = this.lines(seen);
    const key = lines.join('\n');
    if (key === this.shown) return;
    this.shown = key;
    this.strip.hidden = lines.length === 0;
    this.strip.replaceChildren(...lines.map((line) => el('li', {}, line)));
  }

  /** @param {any} seen @returns {string[]} */
  lines(seen) {
    return [
      ...seen.processes.filter((/** @type {any} */ p) => this.isMissing(p)).map((/** @type {any} */ p) => t(`console.watch.silent_${p.kind}`, { time: p.beat_ms ? clockTime(p.beat_ms) : t('console.watch.never') })),
      ...(this.alarm.waiting.some((o) => o.alarm?.siren_ms) && !seen.has_channel ? [t('console.watch.no_channel')] : []),
      ...new Set(seen.unsent.map((/** @type {any} */ m) => t('console.watch.send_failed', { channel: m.channel, error: m.error }))),
      ...seen.missed_pushes.map((/** @type {any} */ p) => t('console.watch.push_missed', { name: p.name })),
    ];
  }

  /** Silent; one that never spoke counts for the worker alone, once this page has waited a while. @param {any} sign */
  isMissing(sign) {
    if (!sign.is_silent) return false;
    return sign.beat_ms !== null || (sign.kind === 'worker' && Date.now() - this.startedAt > PATIENCE_MS);
  }
}
