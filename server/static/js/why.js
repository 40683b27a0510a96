// @ts-check
// "Why him" and "what if somebody else": the planner's sentence, everybody who was looked at, and the other choice.

import { get } from './api.js';
import { el, openDialog, rove, toastError } from './dom.js';
import { clockTime, language, t, word } from './i18n.js';
import { provenance } from './travel.js';

/** @typedef {import('./commands.js').Commands} Commands */

const MINUTE_S = 60;
const COLUMNS = ['technician', 'arrives', 'driving', 'moves', 'cost'];

const minutes = (/** @type {number} */ seconds) => Math.round(seconds / MINUTE_S);
const signed = (/** @type {number} */ value) => (value > 0 ? `+${value}` : String(value));
const both = (/** @type {Record<string, string>|null} */ text) => text?.[language()] ?? '';

/** Open the explanation of an order. @param {Commands} commands @param {any} order */
export async function openWhy(commands, order) {
  const body = el('div.why-body', { 'aria-busy': 'true' }, el('p.sentence.skeleton'), el('div.list.skeleton'));
  const dialog = openDialog('why', t('console.why.title', { number: order.number }), () => [body]);
  try {
    const found = await get(`/api/v1/work-orders/${order.id}/explanation`);
    if (dialog.isConnected) new Why(commands, order, dialog, body).fill(found);
  } catch (error) {
    dialog.close();
    toastError(error);
  }
}

class Why {
  /** @param {Commands} commands @param {any} order @param {HTMLDialogElement} dialog @param {HTMLElement} body */
  constructor(commands, order, dialog, body) {
    Object.assign(this, { commands, order, dialog, body });
    /** @type {Commands} */ this.commands = commands;
    /** @type {any} */ this.order = order;
    /** @type {HTMLElement} */ this.body = body;
    this.other = el('section.what-if', { 'aria-live': 'polite', hidden: true });
    this.asked = '';
  }

  /** @param {any} found */
  fill(found) {
    const canTry = found.can_give && document.body.dataset.role !== 'agent';
    this.body.removeAttribute('aria-busy');
    this.body.replaceChildren(...[
      el('p.sentence', { role: 'status' }, both(found.sentence)), this.origin(found), this.undone(found.undone),
      canTry ? el('p.muted.hint', {}, t('console.why.hint')) : null,
      this.table(found, canTry), this.other, movedTable(found.moved),
    ].filter(Boolean));
    /** @type {HTMLElement|null} */ (this.body.querySelector('tr[data-holder] button, tbody button'))?.focus();
  }

  /** @param {any} found */
  origin(found) {
    const bound = found.bound && el('span.bound', {}, t('console.why.bound', { time: clockTime(found.bound.at_ms), reason: both(found.bound.reason) }));
    return el('p.origin', {}, el('span', {}, t('console.why.as_of', { time: clockTime(found.as_of_ms) })), bound, provenance(found.travel_quality));
  }

  /** @param {any} undone */
  undone(undone) {
    if (!undone) return null;
    const ways = undone.ways_out.map((/** @type {any} */ way) => el('li', {}, both(way)));
    return el('section.undone', {}, el('p.flag', {}, t('console.why.undone', { reason: both(undone.reason) })),
      ways.length ? el('h3', {}, t('console.why.ways')) : null, ways.length ? el('ul.plain', {}, ...ways) : null);
  }

  /** @param {any} found @param {boolean} canTry */
  table(found, canTry) {
    const rows = found.candidates.map((/** @type {any} */ one) => this.row(one, canTry));
    const keys = (/** @type {KeyboardEvent} */ event) => rove(event, [...this.body.querySelectorAll('tbody button')]);
    return el('div.scroll', { tabindex: '-1' }, el('table.candidates', { onkeydown: keys }, el('caption.sr-only', {}, t('console.why.candidates')),
      el('thead', {}, el('tr', {}, ...COLUMNS.map((name) => el(`th.${name}`, { scope: 'col' }, t(`console.why.${name}`))))),
      el('tbody', {}, ...rows)));
  }

  /** @param {any} one @param {boolean} canTry */
  row(one, canTry) {
    const text = one.is_holder ? t('console.why.holder', { name: one.name }) : one.name;
    const name = canTry ? el('button.quiet', { 'aria-pressed': 'false', onclick: () => void this.tryOther(one) }, text) : el('span', {}, text);
    const head = el('th', { scope: 'row' }, name, one.needs_consent ? el('small', {}, consent(one)) : null, one.is_kept ? el('small', {}, t('console.assign.kept')) : null);
    if (one.reason_code !== null) return el('tr', { data: { technician: one.technician_id, out: '1' } }, head, el('td.reason', { colspan: '4' }, both(one.reason)));
    return el('tr', { data: { technician: one.technician_id, holder: one.is_holder ? '1' : null } }, head,
      el('td.num', {}, clockTime(one.arrival_ms)),
      el('td.num', {}, one.travel_s === null ? '–' : String(minutes(one.travel_s))),
      el('td.num', {}, one.moved ? String(one.moved) : '0'),
      el('td.num', {}, one.delta_cost === null ? '–' : signed(minutes(one.delta_cost))));
  }

  /** Ask what giving it to somebody would do. @param {any} one */
  async tryOther(one) {
    this.asked = one.technician_id;
    for (const row of this.body.querySelectorAll('tr[data-technician]')) {
      row.querySelector('button')?.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (row).dataset.technician === one.technician_id));
    }
    this.other.hidden = false;
    this.other.replaceChildren(el('p.skeleton'));
    try {
      const found = await get(`/api/v1/work-orders/${this.order.id}/what-if/${one.technician_id}`);
      if (this.asked === one.technician_id) this.other.replaceChildren(...this.figures(found, one));
    } catch (error) {
      this.other.hidden = true;
      toastError(error);
    }
  }

  /** @param {any} found @param {any} one */
  figures(found, one) {
    return [el('h3', {}, t('console.why.if', { name: found.name })), ...verdict(found), found.reason_code !== null || one.is_holder ? null : this.giveButton(found)].filter(Boolean);
  }

  /** @param {any} found */
  giveButton(found) {
    return el('footer', {}, el('button.primary', {
      data: { action: 'give' },
      onclick: () => { /** @type {any} */ (this).dialog.close(); void this.commands.give(this.order, { technician_id: found.technician_id, name: found.name }); },
    }, t('console.why.give', { name: found.name })));
  }
}

/** What a choice would do, as the planner measured it, or why it cannot be. @param {any} found @returns {HTMLElement[]} */
export function verdict(found) {
  if (found.reason_code !== null) return [el('p.flag', {}, t('console.why.cannot', { reason: both(found.reason) }))];
  const numbers = (/** @type {any[]} */ list) => list.map((item) => item.number).join(', ');
  /** @type {[string, string, boolean][]} */
  const rows = [
    ['arrival', t('console.why.arrival_is', { time: clockTime(found.arrival_ms), travel: minutes(found.travel_s ?? 0) }), false],
    ['cost', cost(found.change), false],
    ['promise', found.is_promised ? t(found.keeps_promise ? 'console.why.kept' : 'console.why.broken') : t('console.why.no_promise'), found.is_promised && !found.keeps_promise],
    ['tell', found.to_tell.length ? numbers(found.to_tell) : t('console.why.tell_none'), found.to_tell.length > 0],
    ['lost', found.lost.length ? numbers(found.lost) : t('console.why.lost_none'), found.lost.length > 0],
    ['dropped', found.dropped.length ? numbers(found.dropped) : t('console.why.dropped_none'), found.dropped.length > 0],
  ];
  const list = el('dl.facts', {}, ...rows.flatMap(([name, text, isBad]) => [el('dt', {}, t(`console.why.${name}`)), el('dd', { data: { fact: name, bad: isBad ? '1' : null } }, text)]));
  return [el('div.figures-of-choice', {}, list), movedTable(found.moved)].filter(Boolean);
}

/** @param {any} change the exact objective after minus before, in driving seconds */
function cost(change) {
  const parts = Object.entries(change).filter(([name, value]) => name !== 'total' && minutes(Number(value)) !== 0)
    .map(([name, value]) => `${word('planner.part', name)} ${signed(minutes(Number(value)))}`);
  const total = t('console.why.cost_is', { minutes: signed(minutes(change.total)) });
  return parts.length ? `${total} (${parts.join(' · ')})` : total;
}

/** @param {any} one */
function consent(one) {
  return one.arrival_without_consent_ms ? t('console.why.consent_else', { time: clockTime(one.arrival_without_consent_ms) }) : t('console.assign.consent');
}

/** Stops that move, and whether their customers know. @param {any[]} moved */
export function movedTable(moved) {
  if (!moved.length) return null;
  const spot = (/** @type {string} */ name, /** @type {number|null} */ at) => `${name || t('console.nobody')} ${at ? clockTime(at) : ''}`;
  const rows = moved.map((one) => el('tr', { data: { moved: one.work_order_id } },
    el('th', { scope: 'row' }, one.number), el('td', {}, `${spot(one.before, one.start_before_ms)} → ${spot(one.after, one.start_after_ms)}`),
    el('td', {}, el('span.told', { data: { customer: one.customer } }, t(`console.why.customer_${one.customer}`)))));
  return el('div.scroll', {}, el('table.moved', {}, el('caption', {}, t('console.why.moved')), el('tbody', {}, ...rows)));
}
