// @ts-check
// Times that may be promised: only those that the plan can keep (IN-17).

import { post } from './api.js';
import { el } from './dom.js';
import { clockTime, language, nearTime, t, word } from './i18n.js';

const PAUSE_MS = 350;
const SOONEST = 8;

export class WindowField {
  /** @param {() => any} known what is known of the visit @param {() => number} now the server's time */
  constructor(known, now) {
    this.known = known;
    this.now = now;
    this.list = el('div.windows', { id: 'intake-windows', role: 'radiogroup', 'aria-label': t('console.hot.windows'), 'aria-live': 'polite' });
    this.root = el('div', {}, el('p.label', {}, t('console.hot.windows'), ' ', el('small.muted', {}, t('console.hot.windows_hint'))), this.list);
    /** @type {any} */ this.chosen = null;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.ask(), PAUSE_MS);
  }

  async ask() {
    const asked = this.asked = Symbol('asked');
    const found = await post('/api/v1/intake/windows', this.known()).catch(() => null);
    if (!found || asked !== this.asked || !this.list.isConnected) return;
    this.draw(found);
  }

  /** @param {any} found */
  draw(found) {
    const before = this.chosen?.start_ms;
    this.chosen = null;
    const open = found.items.filter((/** @type {any} */ one) => one.fit !== 'full');
    this.list.dataset.reason = found.reason_code ?? '';
    if (!open.length) { this.list.replaceChildren(el('p.muted', {}, this.why(found))); return; }
    const last = open.slice(0, SOONEST).at(-1).start_ms;
    this.list.replaceChildren(this.choice(null, !before), ...found.items.filter((/** @type {any} */ one) => one.start_ms <= last).map((/** @type {any} */ one) => this.choice(one, one.start_ms === before)));
  }

  /** @param {any} found */
  why(found) {
    if (found.reason_code === 'goes_now') return t('console.hot.windows_now');
    if (found.reason_code === 'no_place') return t('console.hot.windows_place');
    return t('console.hot.windows_nobody', { reason: found.reason?.[language()] ?? found.reason_code });
  }

  /** @param {any} one a window, or null for none @param {boolean} isChosen */
  choice(one, isChosen) {
    if (isChosen && one?.fit !== 'full') this.chosen = one;
    const text = one ? `${nearTime(one.start_ms, this.now())}–${clockTime(one.end_ms)}` : t('console.hot.window_none');
    return el('label.window', { data: { fit: one?.fit } }, el('input', {
      type: 'radio', name: 'window', value: one ? String(one.start_ms) : '', disabled: one?.fit === 'full', checked: isChosen && one?.fit !== 'full', onchange: () => { this.chosen = one; },
    }), el('span', {}, text, one ? el('small', {}, ` ${word('window', one.fit)}`) : null));
  }

  /** What is promised, as the report carries it. */
  promised() {
    return { window_start_ms: this.chosen?.start_ms ?? null, window_end_ms: this.chosen?.end_ms ?? null };
  }
}
