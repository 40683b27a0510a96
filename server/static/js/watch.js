// @ts-check
// What must be seen when the server itself is in trouble: silent processes, messages that did not leave, silent phones.

import { get } from './api.js';
import { byId, el } from './dom.js';
import { clockTime, t } from './i18n.js';

const EVERY_MS = 5_000;
const MOST_NAMED = 3;

export class Watch {
  /** @param {{waiting: any[], isTroubled: boolean, sound: {isOn: boolean}}} alarm whose siren sounds while a process is missing */
  constructor(alarm) {
    this.alarm = alarm;
    this.strip = byId('watch');
    this.shown = '';
    /** @type {Set<string>} */ this.heard = new Set();
    /** @type {string[]} */ this.missing = [];
    setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  async look() {
    const seen = await get('/api/v1/watch').catch(() => null);
    if (!seen) return; // the line's own state says that the server is away
    this.missing = seen.processes.filter((/** @type {any} */ p) => p.is_missing).map((/** @type {any} */ p) => p.kind);
    for (const kind of this.heard) if (!this.missing.includes(kind)) this.heard.delete(kind);
    this.cry();
    this.draw(this.lines(seen));
  }

  /** The siren sounds until a person has heard it; what is wrong stands there until it is right. */
  cry() {
    this.alarm.isTroubled = this.missing.some((kind) => !this.heard.has(kind));
    this.strip.title = this.alarm.isTroubled && !this.alarm.sound.isOn ? t('console.alarm.sound_off') : '';
  }

  /** @param {string[]} lines */
  draw(lines) {
    const key = [...lines, this.alarm.isTroubled].join('\n');
    if (key === this.shown) return;
    this.shown = key;
    this.strip.hidden = lines.length === 0;
    const hush = el('button', { id: 'hush', onclick: () => { this.heard = new Set(this.missing); this.cry(); this.draw(lines); } }, t('console.watch.heard'));
    this.strip.replaceChildren(...lines.map((line) => el('li', {}, line)), ...(this.alarm.isTroubled ? [el('li', {}, hush)] : []));
  }

  /** @param {any} seen @returns {string[]} */
  lines(seen) {
    return [
      ...seen.processes.filter((/** @type {any} */ p) => p.is_missing).map((/** @type {any} */ p) => t(`console.watch.silent_${p.kind}`, { time: p.beat_ms ? clockTime(p.beat_ms) : t('console.watch.never') })),
      ...(this.alarm.waiting.some((o) => o.alarm?.siren_ms) && !seen.has_channel ? [t('console.watch.no_channel')] : []),
      ...new Set(seen.unsent.map((/** @type {any} */ m) => t('console.watch.send_failed', { channel: m.channel, error: m.error }))),
      ...backlogs(seen.backlogs ?? []),
      ...seen.missed_pushes.map((/** @type {any} */ p) => t('console.watch.push_missed', { name: p.name })),
    ];
  }
}

/** What is on phones only: a line for each of a few, one for many. @param {{name: string, unsent: number}[]} held @returns {string[]} */
function backlogs(held) {
  if (held.length <= MOST_NAMED) return held.map((one) => t('console.devices.backlog', { name: one.name, count: one.unsent }));
  return [t('console.devices.backlogs', { phones: held.length, count: held.reduce((sum, one) => sum + one.unsent, 0) })];
}
