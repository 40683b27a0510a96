// @ts-check
// "Why him": the planner's proof of a choice, in minutes a dispatcher can check.

import { el } from './dom.js';
import { clockTime, t } from './i18n.js';
import { provenance } from './travel.js';

const minutes = (/** @type {number} */ seconds) => Math.max(0, Math.round(seconds / 60));

/** @param {any} proof the certificate of the planner @param {any} order the order's row @param {HTMLElement} ask opens everything behind it */
export function certificateCard(proof, order, ask) {
  const name = (/** @type {string|null} */ id) => (id ? proof.names[id] ?? id : t('console.drawer.unplanned'));
  const number = (/** @type {string} */ id) => proof.numbers[id] ?? id;
  const rows = [
    [t('console.drawer.next_best'), nextBest(proof, name)],
    [t('console.drawer.bound'), bound(proof)],
    [t('console.drawer.moved'), moved(proof, name, number)],
    [t('console.drawer.consent'), proof.needs_consent_of ? number(proof.needs_consent_of) : t('console.drawer.consent_none')],
  ];
  const isCurrent = order.technician_id === proof.technician_id;
  return el('section.certificate', { data: { current: isCurrent ? '1' : null } },
    el('h3', {}, t('console.drawer.certificate', { name: name(proof.technician_id) })),
    el('p.minutes', {}, el('b', {}, proof.arrival_s ? clockTime(proof.arrival_s * 1000) : '–'),
      el('span', {}, proof.travel_s === null ? '' : t('console.drawer.travel', { minutes: minutes(proof.travel_s) })), provenance(proof.travel_quality)),
    el('dl.facts', {}, ...rows.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)])),
    el('p.muted', {}, t('console.drawer.looked_at', { count: proof.candidates.length })), ask);
}

/** @param {any} proof @param {(id: string|null) => string} name */
function nextBest(proof, name) {
  if (!proof.next_best_technician_id) return '–';
  const text = t('console.drawer.next_best_is', { name: name(proof.next_best_technician_id), time: clockTime(proof.next_best_arrival_s * 1000) });
  return `${text} · ${t('console.drawer.slower', { minutes: minutes(proof.next_best_arrival_s - proof.arrival_s) })}`;
}

/** @param {any} proof */
function bound(proof) {
  if (proof.lower_bound_s === null) return '–';
  const gap = minutes(proof.arrival_s - proof.lower_bound_s);
  return `${clockTime(proof.lower_bound_s * 1000)} · ${gap ? t('console.drawer.bound_gap', { minutes: gap }) : t('console.drawer.bound_met')}`;
}

/** @param {any} proof @param {(id: string|null) => string} name @param {(id: string) => string} number */
function moved(proof, name, number) {
  if (!proof.moved.length) return t('console.drawer.moved_none');
  const spot = (/** @type {string|null} */ who, /** @type {number|null} */ at) => `${name(who)}${at ? ` ${clockTime(at * 1000)}` : ''}`;
  return el('ul.plain', {}, ...proof.moved.slice(0, 6).map((/** @type {any} */ m) => el('li', {}, t('console.drawer.moved_line', {
    number: number(m.job_id), before: spot(m.technician_before, m.start_before_s), after: spot(m.technician_after, m.start_after_s),
  }))));
}
