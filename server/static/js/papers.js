// @ts-check
// An order's papers in the drawer: forms and copies with their deliveries, signing at a distance, hazard notices.

import { get, post } from './api.js';
import { el, toast, toastError } from './dom.js';
import { nearTime, t, word } from './i18n.js';

/** What was read last: the drawer draws itself anew more often than anything changes. @type {{key: string, found: any}|null} */
let last = null;

/** @param {{detail: any, store: import('./store.js').Store}} drawer */
export function papersPart(drawer) {
  const box = el('section.part.papers-part', { id: 'papers-part' }, el('h3', {}, t('office.papers.all')));
  void fill(drawer, box);
  return box;
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {HTMLElement} box */
async function fill(drawer, box) {
  const { order } = drawer.detail;
  const key = `${order.id}:${drawer.detail.history.length}`;
  const found = last?.key === key ? last.found : await get(`/api/v1/work-orders/${order.id}/papers`).catch(() => null);
  if (!found || drawer.detail?.order.id !== order.id) return;
  last = { key, found };
  const papers = found.papers.map(paper);
  box.append(...[
    papers.length ? el('ul.plain.papers', {}, ...papers) : null, issueForm(drawer, found.fitting), signing(drawer, found.signing),
    ...found.notices.map((/** @type {any} */ one) => notice(drawer, one)),
    el('a', { href: `/work-orders/${order.id}/papers`, target: '_blank', rel: 'noopener', data: { action: 'papers' } }, t('office.papers.all'))].filter(Boolean));
}

/** @param {any} one */
function paper(one) {
  const name = word('form', one.form);
  const ways = one.deliveries.map((/** @type {any} */ d) => `${word('delivery', d.channel)}: ${word('delivery', d.state)}`).join(' · ');
  return el('li', { data: { form: one.form } }, one.url ? el('a', { href: one.url, target: '_blank', rel: 'noopener' }, name) : el('span', {}, name),
    el('small', {}, ` ${one.url ? ways : t('office.papers.making')}`));
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {string[]} codes */
function issueForm(drawer, codes) {
  if (!codes.length) return null;
  const chosen = el('select', { name: 'form', 'aria-label': t('office.papers.form') }, ...codes.map((code) => el('option', { value: code }, word('form', code))));
  const issue = () => carryOut(drawer, 'documents', { form: chosen.value }, t('office.papers.making'));
  return el('p.row', {}, chosen, el('button', { data: { action: 'issue' }, onclick: () => void issue() }, t('office.papers.issue')));
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {any} told */
function signing(drawer, told) {
  if (told.state === 'none') return null;
  const send = () => carryOut(drawer, 'signing-link', {}, t('office.signing.link_sent'));
  const sent = told.sent.length ? el('small', {}, ` ${t('office.papers.link')}: ${t(`office.messages.${told.sent[0].state}`)}`) : null;
  return el('div', { id: 'signing', data: { signing: told.state } }, el('p', {}, `${t('office.signing.title')}: `, el('b', {}, t(`office.signing.${told.state}`)), sent),
    ...(told.state === 'open' ? [el('p', {}, `${t('office.signing.code')} `, el('b.num', {}, told.code)),
      el('button', { data: { action: 'signing-link' }, onclick: () => void send() }, t('office.signing.send'))] : []));
}

/** @param {{store: import('./store.js').Store}} drawer @param {any} one */
function notice(drawer, one) {
  const due = one.due_ms ? ` · ${t('office.hazards.due')} ${nearTime(one.due_ms, drawer.store.clock.now())}` : '';
  return el('p', { data: { notice: one.id } }, el('b', {}, one.number), ` ${word('hazard', one.level)} · ${t(`office.hazards.${one.state}`)}${one.state === 'open' ? due : ''}`);
}

/** @param {{detail: any, store: import('./store.js').Store}} drawer @param {string} path @param {any} body @param {string} done */
async function carryOut(drawer, path, body, done) {
  try {
    await post(`/api/v1/work-orders/${drawer.detail.order.id}/${path}`, body);
    toast(done);
  } catch (error) {
    toastError(error);
  }
  last = null;
  drawer.store.touch('detail');
}
