// @ts-check
// Whom to call by voice when the ladder of a leak has come to nothing: names, numbers, who is nearest, who is off duty.

import { get } from './api.js';
import { byId, el, toastError } from './dom.js';
import { language, t } from './i18n.js';

const METRES_PER_KM = 1000;

export class VoiceCalls {
  constructor() {
    this.list = byId('voice');
    this.shown = '';
  }

  /** Show the list for the first leak whose ladder has reached its step; ask anew with each rung. @param {any[]} waiting */
  show(waiting) {
    const leak = document.body.dataset.role === 'agent' ? null : waiting.find((one) => one.alarm?.must_call);
    const key = leak ? `${leak.id} ${leak.alarm.step}` : '';
    if (key === this.shown) return;
    this.shown = key;
    if (leak) void this.read(leak, key);
    else { this.list.hidden = true; this.list.replaceChildren(); }
  }

  /** @param {any} leak @param {string} key */
  async read(leak, key) {
    try {
      const { items } = await get(`/api/v1/work-orders/${leak.id}/voice-calls`);
      if (this.shown === key) this.fill(leak, items);
    } catch (error) {
      if (this.shown === key) this.shown = ''; // the next look asks again
      toastError(error);
    }
  }

  /** @param {any} leak @param {any[]} items */
  fill(leak, items) {
    const nearest = Math.min(...items.filter((one) => one.away_m !== undefined).map((one) => one.away_m));
    const missing = items.some((one) => one.kind === 'supervisor') ? [] : [el('li.muted', {}, t('console.voice.no_contact'))];
    this.list.hidden = false;
    this.list.replaceChildren(el('li', {}, el('b', {}, t('console.voice.title', { number: leak.number }))), ...items.map((one) => this.line(one, nearest)), ...missing);
  }

  /** @param {any} one @param {number} nearest */
  line(one, nearest) {
    const name = language() === 'en' && one.name_en ? one.name_en : one.name;
    const words = one.kind !== 'technician' ? [t(`console.voice.${one.kind}`)] : [
      t('console.voice.away', { km: (one.away_m / METRES_PER_KM).toFixed(1) }), one.away_m === nearest ? t('console.voice.nearest') : '',
      t(one.is_on_duty ? 'console.voice.on_duty' : 'console.voice.off_duty'), one.is_busy ? t('console.voice.busy') : '',
    ];
    const number = one.telephone ? el('a.num', { href: `tel:${one.telephone.replaceAll(' ', '')}` }, one.telephone) : el('span', {}, t('console.voice.no_number'));
    return el('li', {}, el('b', {}, name), number, el('span', {}, words.filter(Boolean).join(' · ')));
  }
}
