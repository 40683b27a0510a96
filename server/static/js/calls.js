// @ts-check
// Calls and complaints: answers owed to callers, complaints with their clocks, how soon calls were answered today.

import { get, post } from './api.js';
import { el, openDialog, toastError } from './dom.js';
import { codes, nearTime, t, word } from './i18n.js';
import { figuresText } from './intake_class.js';

/** @typedef {import('./store.js').Store} Store */

/** @param {Store} store */
export async function openCalls(store) {
  const body = el('div.body', { tabindex: '0' });
  openDialog('calls', t('console.hot.title'), () => [body]);
  await draw(store, body);
}

/** @param {Store} store @param {HTMLElement} body */
async function draw(store, body) {
  try {
    const [figures, contacts, complaints] = await Promise.all(['contacts/figures', 'contacts', 'complaints'].map((path) => get(`/api/v1/${path}`)));
    const now = store.clock.now();
    const again = () => draw(store, body);
    const owed = contacts.items.filter((/** @type {any} */ one) => ['open', 'soon', 'late'].includes(one.reply_state));
    const rest = contacts.items.filter((/** @type {any} */ one) => !owed.includes(one)).slice(0, 20);
    body.replaceChildren(...[
      figures.duty_gap ? el('p.sorry', { role: 'alert' }, `${t('staff.gaps')}: ${nearTime(figures.duty_gap.from_ms, now)} – ${nearTime(figures.duty_gap.to_ms, now)}`) : null,
      el('p.kpi', {}, figuresText(figures)),
      part('owed', t('console.hot.owed'), owed.map((/** @type {any} */ one) => owedRow(one, now, again)), t('console.hot.owed_none')),
      part('complaints', t('console.hot.complaints'), complaints.items.map((/** @type {any} */ one) => complaintRow(one, now, again)), t('console.hot.complaints_none')),
      part('contacts', t('console.hot.contacts'), rest.map((/** @type {any} */ one) => el('li', {}, line(one, now))), t('console.hot.owed_none'))].filter((one) => one !== null));
  } catch (error) {
    toastError(error);
  }
}

/** @param {string} name @param {string} title @param {Node[]} rows @param {string} none */
const part = (name, title, rows, none) => el('section', {}, el('h3', {}, title), rows.length ? el(`ul.plain.${name}`, {}, ...rows) : el('p.muted', {}, none));

/** @param {any} one @param {number} now */
const line = (one, now) => `${nearTime(one.started_ms, now)} · ${word('contact_class', one.contact_class)} · ${word('channel', one.channel)} · ${one.caller_name || one.caller_phone || '–'} · ${one.content || word('contact_outcome', one.outcome)}`;

/** Send, then draw again. @param {string} path @param {any} body @param {() => Promise<void>} again */
async function send(path, body, again) {
  try { await post(path, body); } catch (error) { toastError(error); }
  await again();
}

/** @param {any} one @param {number} now @param {() => Promise<void>} again */
function owedRow(one, now, again) {
  const isLate = one.reply_due_ms < now;
  return el('li', { data: { late: isLate ? '1' : null } }, el('span', {}, line(one, now)),
    el('p.acts', {}, el('b', {}, t(isLate ? 'console.hot.owed_late' : 'console.hot.owed_due', { time: nearTime(one.reply_due_ms, now) })), el('span.muted', {}, one.agent),
      el('button', { onclick: () => void send(`/api/v1/contacts/${one.id}/reply`, {}, again) }, t('console.hot.given'))));
}

/** @param {any} one @param {number} now @param {() => Promise<void>} again */
function complaintRow(one, now, again) {
  const words = el('input', { name: 'words', maxlength: '2000', autocomplete: 'off', 'aria-label': t('console.hot.words') });
  const unit = el('select', { 'aria-label': t('console.hot.unit') }, ...codes('complaint_unit').map((code) => el('option', { value: code, selected: code === one.unit }, word('complaint_unit', code))));
  const clocks = one.clocks.filter((/** @type {any} */ c) => !c.met_ms && !c.ended_ms && c.due_ms).map((/** @type {any} */ c) => `${word('clock', c.kind)} ${t(c.breached ? 'console.hot.owed_late' : 'console.hot.owed_due', { time: nearTime(c.due_ms, now) })}`);
  const facts = [word('severity', one.severity), word('complaint_kind', one.kind), word('complaint_unit', one.unit), one.owner, one.rounds > 1 && t('console.hot.round', { count: one.rounds }), one.passed_on > 0 && t('console.hot.passed_on', { count: one.passed_on })];
  const path = `/api/v1/complaints/${one.id}`;
  const acts = one.commands.map((/** @type {string} */ command) => el('button', { onclick: () => void send(`${path}/move`, { ver: one.ver, command, words: words.value.trim() }, again) }, word('complaint_do', command)));
  return el('li', { data: { severity: one.severity, late: one.breached.length ? '1' : null } },
    el('b', {}, `${one.number} · ${word('complaint_state', one.state)}`), el('span', {}, one.content), el('span.muted', {}, facts.filter(Boolean).join(' · ')), el('span', {}, clocks.join(' · ')),
    acts.length ? el('p.acts', {}, words, ...acts, unit, el('button', { onclick: () => void send(`${path}/unit`, { ver: one.ver, unit: unit.value, words: words.value.trim() }, again) }, word('complaint_do', 'pass_on'))) : null);
}
