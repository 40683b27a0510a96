// @ts-check
// Who is not there: reporting and ending absences; storm mode: what it would do, beginning and ending it.

import { get, post } from './api.js';
import { el, openDialog, toast, toastError } from './dom.js';
import { clockTime, nearTime, t, toMs, word } from './i18n.js';

/** @typedef {import('./store.js').Store} Store */

const REASONS = ['ill', 'breakdown', 'other'];
const isAgent = () => document.body.dataset.role === 'agent';

/** @param {Store} store */
export async function openCrew(store) {
  const absences = el('section', { 'aria-busy': 'true' }, el('div.list.skeleton'));
  const storm = el('section.storm');
  const dialog = openDialog('crew', t('console.crew.title'), () => [absences, isAgent() ? null : reportForm(store, absences), storm]);
  await Promise.all([fillAbsences(store, absences), fillStorm(storm)]).catch((error) => { dialog.close(); toastError(error); });
}

/** Carry something out, say so, and show what is now. @param {() => Promise<any>} act @param {string} done @param {() => Promise<void>} refill */
async function carryOut(act, done, refill) {
  try {
    await act();
    toast(done);
  } catch (error) {
    toastError(error);
  }
  await refill().catch(toastError);
}

/** @param {Store} store @param {HTMLElement} part */
async function fillAbsences(store, part) {
  const { items } = await get('/api/v1/absences');
  part.removeAttribute('aria-busy');
  const rows = items.map((/** @type {any} */ one) => absence(store, part, one));
  part.replaceChildren(el('h3', {}, t('console.crew.absent')), rows.length ? el('ul.absences', {}, ...rows) : el('p.muted', {}, t('console.crew.nobody')));
}

/** @param {Store} store @param {HTMLElement} part @param {any} one */
function absence(store, part, one) {
  const now = store.clock.now();
  const until = one.until_ms ? nearTime(one.until_ms, now) : t('console.crew.shift_end');
  const back = () => carryOut(() => post(`/api/v1/absences/${one.id}/end`, {}), t('console.crew.back_done', { name: one.technician_name }), () => fillAbsences(store, part));
  return el('li', { data: { absence: one.technician_id } }, el('b', {}, one.technician_name), el('span', {}, word('absence', one.reason)),
    el('span', {}, `${nearTime(one.from_ms, now)} – ${until}`), one.note ? el('span.muted', {}, one.note) : el('span'),
    isAgent() ? null : el('button', { data: { action: 'back' }, onclick: () => void back() }, t('console.crew.back')));
}

/** @param {Store} store @param {HTMLElement} part */
function reportForm(store, part) {
  const people = [...store.technicians.values()].sort((a, b) => a.name.localeCompare(b.name, 'zh'));
  const who = el('select', { name: 'who' }, ...people.map((p) => el('option', { value: p.id }, p.name)));
  const reason = el('select', { name: 'reason' }, ...REASONS.map((r) => el('option', { value: r }, word('absence', r))));
  const from = el('input', { name: 'from', type: 'datetime-local' });
  const until = el('input', { name: 'until', type: 'datetime-local' });
  const note = el('input', { name: 'note', maxlength: '500', autocomplete: 'off' });
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const body = { reason: reason.value, from_ms: toMs(from.value), until_ms: toMs(until.value), note: note.value };
    const name = store.technicians.get(who.value)?.name ?? '';
    await carryOut(() => post(`/api/v1/technicians/${who.value}/absence`, body), t('console.crew.report_done', { name }), () => fillAbsences(store, part));
  };
  const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) => el('label', {}, el('span', {}, t(`console.crew.${name}`)), input);
  return el('form.report', { onsubmit: send }, field('who', who), field('reason', reason), field('from', from), field('until', until), field('note', note),
    el('button.primary', { data: { action: 'report' } }, t('console.crew.report')));
}

/** @param {HTMLElement} part */
async function fillStorm(part) {
  const advice = await get('/api/v1/storm');
  const names = (/** @type {any[]} */ list) => list.map((one) => one.technician_name).join(t('console.crew.and')) || t('console.crew.none');
  /** @type {[string, string][]} */
  const rows = [
    [t('console.crew.expected'), t('console.crew.per_hour', { count: advice.expected_per_h.toFixed(1) })],
    [t('console.crew.needed'), String(advice.crews_needed)], [t('console.crew.kept'), names(advice.kept_free)],
    [t('console.crew.call_in'), names(advice.call_in)], [t('console.crew.postpone'), String(advice.postpone.length)],
  ];
  const state = advice.until_ms ? t('console.crew.storm_until', { time: clockTime(advice.until_ms) }) : t('console.crew.storm_off');
  part.replaceChildren(el('h3', {}, t('console.crew.storm')), el('p', { data: { storm: advice.until_ms ? 'on' : 'off' } }, state),
    el('dl.facts', {}, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])), ...(isAgent() ? [] : [stormButtons(part, Boolean(advice.until_ms))]));
}

/** @param {HTMLElement} part @param {boolean} isOn */
function stormButtons(part, isOn) {
  const act = (/** @type {string} */ path, /** @type {string} */ done) => () => void carryOut(() => post(path, {}), t(done), () => fillStorm(part));
  return el('footer', {}, isOn ? el('button', { data: { action: 'storm-end' }, onclick: act('/api/v1/storm/end', 'console.crew.ended') }, t('console.crew.end')) : null,
    el('button.primary', { data: { action: 'storm-begin' }, onclick: act('/api/v1/storm', 'console.crew.begun') }, t(isOn ? 'console.crew.prolong' : 'console.crew.begin')));
}
