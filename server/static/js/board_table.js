// @ts-check
// The board's twin for keyboard and screen reader: one table per technician, the same stops, the same keys.

import { el, rove } from './dom.js';
import { clockTime, t, word } from './i18n.js';
import { SHAPES } from './sla.js';

/** @typedef {import('./store.js').TechnicianRow} TechnicianRow */

const COLUMNS = ['time', 'stop', 'state', 'travel', 'window'];
const MINUTE_MS = 60_000;

/** @param {any} stop */
const span = (stop) => `${clockTime(stop.start_ms)}–${clockTime(stop.end_ms)}`;

/** Planned beside actual, where both are known. @param {any} stop */
function times(stop) {
  if (!stop.arrived_ms || !stop.planned_ms) return span(stop);
  return `${t('console.table.actual')} ${span(stop)} · ${t('console.table.plan')} ${clockTime(stop.planned_ms)}`;
}

/** @param {any} stop @param {number} free when the technician is free before it */
function drive(stop, free) {
  return stop.arrived_ms || !free || stop.arrival_ms <= free ? '–' : t('console.table.minutes', { minutes: Math.round((stop.arrival_ms - free) / MINUTE_MS) });
}

/**
 * @param {TechnicianRow} row @param {any[]} stops in their order @param {number} now
 * @param {{open: (id: string) => void, select: (id: string) => void, stateOf: (stop: any) => string}} act
 */
function table(row, stops, now, act) {
  let free = now;
  const lines = stops.map((stop) => {
    const cells = [
      el('td.num', {}, times(stop)),
      el('th', { scope: 'row' }, el('button.quiet', {
        tabindex: '-1', data: { bar: stop.work_order_id, priority: String(stop.priority) },
        onclick: () => act.open(stop.work_order_id), onfocus: () => act.select(stop.work_order_id),
      }, el('i', { 'aria-hidden': 'true' }, SHAPES[stop.priority]), ` ${stop.number} ${word('fault', stop.fault_kind)}`, el('span.sr-only', {}, ` ${word('priority', stop.priority)}`))),
      el('td', {}, act.stateOf(stop)),
      el('td.num', {}, drive(stop, free)),
      el('td.num', {}, stop.window_start_ms ? `${clockTime(stop.window_start_ms)}–${clockTime(stop.window_end_ms)}` : '–'),
    ];
    free = Math.max(free, stop.end_ms);
    return el('tr', { data: { kept: stop.is_kept ? '1' : null } }, ...cells);
  });
  const head = el('tr', {}, ...COLUMNS.map((name) => el('th', { scope: 'col' }, t(`console.table.${name}`))));
  const state = row.on_leak ? t('console.on_leak') : t(`console.${row.state}`);
  return el('table', { data: { technician: row.id } }, el('caption', {}, `${row.name} · ${state}`), el('thead', {}, head),
    el('tbody', {}, ...(lines.length ? lines : [el('tr', {}, el('td.muted', { colspan: String(COLUMNS.length) }, t('console.table.empty')))])));
}

/** @param {HTMLElement} root @param {TechnicianRow[]} rows @param {number} now @param {Parameters<typeof table>[3]} act */
export function drawTables(root, rows, now, act) {
  root.replaceChildren(...rows.map((row) => {
    const stops = [.../** @type {any} */ (row).done ?? [], ...row.route].sort((a, b) => a.start_ms - b.start_ms);
    return table(row, stops, now, act);
  }));
  const first = /** @type {HTMLElement|null} */ (root.querySelector('button'));
  if (first) first.tabIndex = 0;
}

/** Arrows walk over all stops of all tables. @param {KeyboardEvent} event @param {HTMLElement} root */
export function walkTables(event, root) {
  rove(event, /** @type {HTMLElement[]} */ ([...root.querySelectorAll('button')]));
}
