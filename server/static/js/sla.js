// @ts-check
// Countdowns as the browser shows them; whether a promise is broken is the server's word.

import { span, t } from './i18n.js';

/** @typedef {import('./store.js').OrderRow} OrderRow */

const SOON_S = 600;
const STALE_MS = 180_000;
const SILENT_MS = 600_000;
export const SHAPES = /** @type {Record<number, string>} */ ({ 1: '◆', 2: '▲', 3: '●', 4: '■' });
export const UNTAKEN = new Set(['new', 'triaged', 'offered', 'reopened']);

/** What a clock shows now. @param {OrderRow['clock']} clock @param {number} nowMs @returns {{text: string, tone: string, left: number|null}} */
export function countdown(clock, nowMs) {
  if (!clock || clock.due_ms == null) return { text: '–', tone: 'none', left: null };
  if (clock.paused) return { text: t('console.paused'), tone: 'none', left: null };
  const left = Math.floor((clock.due_ms - nowMs) / 1000);
  if (left < 0 || clock.breached) return { text: `−${span(left)}`, tone: 'late', left };
  return { text: span(left), tone: left < SOON_S ? 'soon' : 'calm', left };
}

/** Late already, or planned to be. @param {OrderRow} order @param {number} nowMs */
export function isLate(order, nowMs) {
  const due = order.clock?.due_ms;
  if (!order.clock || due == null || order.clock.paused) return false;
  const willBe = order.planned_arrival_ms != null && order.clock.kind === 'arrive_by' && order.planned_arrival_ms > due;
  return order.clock.breached || due < nowMs || willBe;
}

/**
 * Where he is can no longer be trusted: under way without a position, or waiting with a silent phone. Who is on site is there.
 * @param {import('./store.js').TechnicianRow} row @param {number} nowMs
 */
export function isStale(row, nowMs) {
  if (row.state === 'offline') return true;
  if (row.state === 'en_route') return row.position_ms !== null && nowMs - row.position_ms > STALE_MS;
  return row.state === 'available' && !row.phone.online && nowMs - (row.phone.last_seen_ms ?? 0) > SILENT_MS;
}

/** A leak that nobody has accepted yet. @param {OrderRow} order */
export const isUntakenLeak = (order) => order.is_leak && UNTAKEN.has(order.state);

/** Nobody has it. @param {OrderRow} order */
export const isUnassigned = (order) => !order.technician_id || order.assignment_state === '' || order.assignment_state === 'planned';

const SETTLED = new Set(['work_done', 'signed', 'sign_waived', 'on_hold', 'no_access', 'needs_engineering']);

/** @param {OrderRow} order @returns {number[]} */
const urgency = (order) => [isUntakenLeak(order) ? 0 : 1, SETTLED.has(order.state) ? 1 : 0, order.priority, order.clock?.due_ms ?? Infinity, order.opened_ms];

/** Leaks that wait stand first, then by what falls due. @param {OrderRow[]} orders @returns {OrderRow[]} */
export function sortByUrgency(orders) {
  const ranked = orders.map((order) => ({ order, rank: urgency(order) }));
  ranked.sort((a, b) => {
    for (let i = 0; i < a.rank.length; i += 1) if (a.rank[i] !== b.rank[i]) return a.rank[i] < b.rank[i] ? -1 : 1;
    return a.order.id < b.order.id ? -1 : 1;
  });
  return ranked.map((one) => one.order);
}
