// @ts-check
// The customer's own page of an order: its link to copy or scan, his opinion, and his wish for another time.

import { get, post } from './api.js';
import { el, toast, toastError } from './dom.js';
import { clockTime, nearTime, t } from './i18n.js';
import { field, toldField } from './promises.js';

/** What was read last: the drawer draws itself anew more often than anything changes. @type {{key: string, found: any}|null} */
let last = null;

/** @param {{detail: any, store: import('./store.js').Store}} drawer */
export function linkPart(drawer) {
  const box = el('section.part.link-part', { id: 'link-part' }, el('h3', {}, t('console.link.title')));
  void fill(drawer, box);
  return box;
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {HTMLElement} box */
async function fill(drawer, box) {
  const { order } = drawer.detail;
  const key = `${order.id}:${drawer.detail.history.length}`;
  const found = last?.key === key ? last.found : await get(`/api/v1/work-orders/${order.id}/link`).catch(() => null);
  if (!found || drawer.detail?.order.id !== order.id) return;
  last = { key, found };
  const url = new URL(found.path, location.origin).href;
  const qr = el('div', { hidden: true });
  const picture = new DOMParser().parseFromString(found.qr_svg, 'image/svg+xml').documentElement;
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', t('console.link.qr'));
  qr.append(document.importNode(picture, true));
  const copy = async () => {
    try { await navigator.clipboard.writeText(url); toast(t('console.link.copied')); } catch { prompt(t('console.link.copy'), url); }
  };
  const { opinion } = found;
  const tested = opinion && opinion.was_tested !== null ? ` · ${t(opinion.was_tested ? 'console.link.tested' : 'console.link.untested')}` : '';
  box.append(el('p.row', {}, el('button', { data: { action: 'copy-link' }, onclick: () => void copy() }, t('console.link.copy')),
    el('button.quiet', { data: { action: 'qr' }, 'aria-expanded': 'false', onclick: (/** @type {any} */ e) => { qr.hidden = !qr.hidden; e.currentTarget.setAttribute('aria-expanded', String(!qr.hidden)); } }, t('console.link.qr')),
    el('a', { href: found.path, target: '_blank', rel: 'noopener' }, t('console.link.title'))), qr,
  ...(opinion ? [el('p', {}, t('console.link.opinion', { points: opinion.points }), tested, opinion.words ? ` · ${opinion.words}` : '')] : []),
  ...(found.wish ? [wish(drawer, found.wish)] : []));
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {any} wished */
function wish(drawer, wished) {
  const { order } = drawer.detail;
  const now = drawer.store.clock.now();
  const reason = el('input', { name: 'why_not', maxlength: '200', autocomplete: 'off' });
  const told = toldField();
  const answer = async (/** @type {boolean} */ isAgreed) => {
    try {
      await post(`/api/v1/work-orders/${order.id}/wish`, { ver: order.ver, is_agreed: isAgreed, reason: reason.value.trim(), told: told.value });
      toast(t(isAgreed ? 'console.link.agreed' : 'console.link.refused'));
    } catch (error) {
      toastError(error);
    }
    drawer.store.touch('detail');
  };
  return el('div.guess', { id: 'wish' }, el('span', {}, t('console.link.wish', { from: nearTime(wished.from_ms, now), to: clockTime(wished.to_ms) }), wished.words ? ` · ${wished.words}` : ''),
    field(t('console.link.told'), told), field(t('console.link.reason'), reason),
    el('button', { data: { action: 'wish-agree' }, onclick: () => void answer(true) }, t('console.link.agree')),
    el('button', { data: { action: 'wish-refuse' }, onclick: () => void answer(false) }, t('console.link.refuse')));
}
