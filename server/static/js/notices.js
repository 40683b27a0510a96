// @ts-check
// Customers to be told: who, by which number, what was promised, what to say; ticked off by whoever told them.

import { get, post } from './api.js';
import { el, openDialog, toast, toastError } from './dom.js';
import { clockTime, language, t, word } from './i18n.js';

/** @typedef {import('./store.js').Store} Store */

/** @param {Store} store */
export async function openNotices(store) {
  const list = el('ul.notices', { 'aria-busy': 'true' }, el('li.skeleton'));
  const dialog = openDialog('notices', t('console.notices.title'), () => [list]);
  await fill(store, list).catch((error) => { dialog.close(); toastError(error); });
}

/** @param {Store} store @param {HTMLElement} list */
async function fill(store, list) {
  const { items } = await get('/api/v1/notices');
  list.removeAttribute('aria-busy');
  list.replaceChildren(...items.map((/** @type {any} */ one) => notice(store, list, one)));
  if (!items.length) list.append(el('li.muted', {}, t('console.notices.empty')));
  /** @type {HTMLElement|null} */ (list.querySelector('button'))?.focus();
}

/** @param {Store} store @param {HTMLElement} list @param {any} one */
function notice(store, list, one) {
  const note = el('input', { 'aria-label': t('console.notices.note'), placeholder: t('console.notices.note'), maxlength: '500', autocomplete: 'off' });
  const told = el('button.primary', { data: { action: 'told' }, onclick: () => void tell(store, list, one, note.value) }, t('console.notices.told'));
  const window = `${clockTime(one.promised_from_ms)}–${clockTime(one.promised_to_ms)}`;
  const now = one.start_ms ? clockTime(one.start_ms) : t('console.notices.nobody');
  return el('li', { data: { notice: one.id } },
    el('p.who-to-tell', {}, el('b', {}, one.customer_name || one.address), one.is_vulnerable ? el('span.flag', {}, t('console.drawer.vulnerable')) : null,
      el('a', { href: `tel:${one.phone}` }, one.phone), el('span.muted', {}, one.number)),
    el('p.change', {}, el('s', {}, window), el('b', {}, ` → ${now}`), el('span.muted', {}, ` ${word('notice_cause', one.cause)}`)),
    el('blockquote', {}, one.say[language()]),
    el('div.tick-off', {}, note, told));
}

/** @param {Store} store @param {HTMLElement} list @param {any} one @param {string} note */
async function tell(store, list, one, note) {
  try {
    await post(`/api/v1/notices/${one.id}/told`, { note });
    toast(t('console.notices.done', { name: one.customer_name || one.number }));
  } catch (error) {
    toastError(error);
  }
  await Promise.all([fill(store, list), store.reload()]).catch(toastError);
}
