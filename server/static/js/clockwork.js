// @ts-check
// How a clock ran: what it allows, by which calendar and profile, what started, paused and ended it, and by whom.

import { get } from './api.js';
import { el, openDialog, toastError } from './dom.js';
import { nearTime, span, t, word } from './i18n.js';

const SECOND_MS = 1000;

/** Open the clock behind a figure of the queue. @param {import('./store.js').Store} store @param {string} id */
export async function openClockOf(store, id) {
  try {
    const detail = await get(`/api/v1/work-orders/${id}`);
    const kind = store.orders.get(id)?.clock?.kind;
    const found = detail.clocks.find((/** @type {any} */ c) => c.kind === kind) ?? detail.clocks[0];
    if (found) openClock(detail, found, detail.at_ms);
  } catch (error) {
    toastError(error);
  }
}

/** @param {any} detail the order in full @param {any} clock one of its clocks @param {number} now */
export function openClock(detail, clock, now) {
  const changes = detail.promise_changes.filter((/** @type {any} */ c) => (clock.promise_id ? c.reply_id === clock.promise_id : !c.reply_id));
  const shown = clock.promise_id || ['arrive_by', 'handle_by', 'repair_by'].includes(clock.kind) ? changes : [];
  openDialog('clockwork', t('console.clockwork.title', { clock: word('clock', clock.kind), number: detail.order.number }), () => [
    el('p.verdict-line', { data: { breached: clock.breached ? '1' : null } }, el('b', {}, verdict(clock))),
    facts(clock, now), el('h3', {}, t('console.clockwork.history')), history(clock, now),
    shown.length ? el('h3', {}, t('console.clockwork.changes')) : null, shown.length ? el('ul.plain', { data: { part: 'changes' } }, ...shown.map((/** @type {any} */ c) => change(c, now))) : null,
  ]);
}

/** @param {any} clock */
function verdict(clock) {
  if (clock.breached) return t('console.clockwork.verdict_late');
  if (clock.met_ms) return t('console.clockwork.verdict_met');
  return t(clock.paused ? 'console.clockwork.verdict_paused' : 'console.clockwork.verdict_open');
}

/** @param {any} clock @param {number} now */
function facts(clock, now) {
  const lasted = (/** @type {number} */ ms) => span(ms / SECOND_MS);
  const end = clock.met_ms ?? clock.ended_ms ?? now;
  /** @type {[string, string][]} */
  const rows = [
    ['limit', span(clock.limit_s)], ['started', clock.started_ms ? nearTime(clock.started_ms, now) : '–'], ['due', nearTime(clock.due_ms, now)],
    ['met', clock.met_ms ? nearTime(clock.met_ms, now) : ''], ['ended', clock.ended_ms ? nearTime(clock.ended_ms, now) : ''],
    ['elapsed', clock.started_ms ? lasted(end - clock.started_ms) : ''], ['active', clock.started_ms ? lasted(clock.active_ms) : ''],
    ['paused', clock.paused_ms ? lasted(clock.paused_ms) : ''], ['off_hours', clock.off_hours_ms ? lasted(clock.off_hours_ms) : ''],
    ['calendar', clock.calendar ? `${word('calendar', clock.calendar.id)} ${clock.calendar.hours}` : t('console.clockwork.every_hour')],
    ['profile', clock.profile ? `${clock.profile} ${clock.edition}` : t('console.clockwork.by_desk')], ['source', clock.source],
  ];
  return el('dl.facts', {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [el('dt', {}, t(`console.clockwork.${name}`)), el('dd', { data: { fact: name } }, value)]));
}

/** @param {any} clock @param {number} now */
function history(clock, now) {
  const lines = clock.history.map((/** @type {any} */ e) => el('li', {}, el('time', {}, nearTime(e.at_ms, now)), ' ', word('clock_event', e.name), e.by ? ` · ${e.by}` : '', e.reason ? ` · ${e.reason}` : ''));
  return el('ol.plain', { data: { part: 'history' } }, ...lines);
}

/** @param {any} one @param {number} now */
function change(one, now) {
  const spot = (/** @type {number|null} */ from, /** @type {number|null} */ to) => (from ? `${nearTime(from, now)}–${nearTime(to, now)}` : nearTime(to, now));
  return el('li', {}, t('console.clockwork.change', {
    old: spot(one.old_from_ms, one.old_due_ms), new: spot(one.new_from_ms, one.new_due_ms), reason: one.reason,
    told: word('told', one.told), by: one.told_by, time: nearTime(one.told_ms, now),
  }));
}
