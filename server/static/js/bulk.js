// @ts-check
// Many orders, one command: what is asked for, and what became of each of them, line by line.

import { post } from './api.js';
import { byId, el, openDialog, setText, toast, toastError } from './dom.js';
import { fieldTime, language, t, toMs, word } from './i18n.js';
import { field, toldField } from './promises.js';
import { SHAPES } from './sla.js';

/** @typedef {import('./commands.js').Commands} Commands */
/** @typedef {import('./queue.js').Queue} Queue */

const ACTIONS = ['assign_best', 'hold', 'release', 'priority', 'window', 'lock', 'unlock', 'cancel'];
const REASONED = new Set(['hold', 'cancel', 'priority', 'window']);
const DAY_MS = 86_400_000;

export class Bulk {
  /** @param {Queue} queue @param {Commands} commands */
  constructor(queue, commands) {
    this.queue = queue;
    this.commands = commands;
    this.count = el('span', { role: 'status' });
    const act = el('button', { data: { action: 'bulk' }, onclick: () => this.open() }, t('console.bulk.choose'), el('kbd', {}, 'B'));
    const clear = el('button.quiet', { data: { action: 'unmark' }, onclick: () => queue.setMarks([]) }, t('console.bulk.clear'));
    /** @type {HTMLElement} */ this.bar = byId('bulk-bar');
    this.bar.append(this.count, act, clear);
    queue.store.addEventListener('marks', () => this.draw());
  }

  draw() {
    this.bar.hidden = !this.queue.marked.size;
    setText(this.count, t('console.bulk.selected', { count: this.queue.marked.size }));
  }

  open() {
    const orders = this.queue.chosen;
    if (!orders.length) { toast(t('console.bulk.none')); return; }
    openDialog('bulk', t('console.bulk.selected', { count: orders.length }), (dialog) => [this.form(dialog, orders)]);
  }

  /** @param {HTMLDialogElement} dialog @param {any[]} orders */
  form(dialog, orders) {
    const action = el('select', { name: 'command' }, ...ACTIONS.map((name) => el('option', { value: name }, t(`console.bulk.${name}`))));
    const reason = el('input', { name: 'reason', maxlength: '200', autocomplete: 'off' });
    const priority = el('select', { name: 'priority' }, ...[2, 3, 4].map((p) => el('option', { value: String(p) }, `${SHAPES[p]} ${word('priority', p)}`)));
    const tomorrow = this.queue.store.clock.now() + DAY_MS;
    const from = el('input', { type: 'datetime-local', name: 'from', value: fieldTime(orders[0].window_start_ms ?? tomorrow) });
    const until = el('input', { type: 'datetime-local', name: 'until', value: fieldTime(orders[0].window_end_ms ?? tomorrow + 7_200_000) });
    const told = toldField();
    const rows = {
      reason: field(t('console.reason.label'), reason), priority: field(t('console.bulk.priority'), priority),
      from: field(t('console.bulk.from'), from), until: field(t('console.bulk.until'), until), told: field(t('console.bulk.told'), told),
    };
    const follow = () => {
      rows.reason.hidden = !REASONED.has(action.value);
      reason.required = REASONED.has(action.value);
      rows.priority.hidden = action.value !== 'priority';
      for (const row of [rows.from, rows.until, rows.told]) row.hidden = action.value !== 'window';
    };
    action.addEventListener('change', follow);
    follow();
    const send = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      void this.run(dialog, orders, {
        command: action.value, reason: reason.value.trim(), priority: Number(priority.value), told: told.value,
        start_ms: toMs(from.value) ?? 0, end_ms: toMs(until.value) ?? 0,
      });
    };
    return el('form.fields', { onsubmit: send }, field(t('console.bulk.choose'), action), ...Object.values(rows), el('footer', {}, el('button.primary', { data: { action: 'run' } }, t('console.bulk.do'))));
  }

  /** @param {HTMLDialogElement} dialog @param {any[]} orders @param {any} body */
  async run(dialog, orders, body) {
    const items = orders.map((order) => ({ id: order.id, ver: this.commands.latest(order).ver }));
    dialog.querySelector('form')?.replaceWith(el('div.list.skeleton'));
    try {
      const answer = await post('/api/v1/work-orders/bulk', { ...body, items });
      this.show(dialog, orders, body.command, answer.items);
    } catch (error) {
      dialog.close();
      toastError(error);
    }
  }

  /** Tell of each order what became of it; what failed stays marked. @param {HTMLDialogElement} dialog @param {any[]} orders @param {string} command @param {any[]} items */
  show(dialog, orders, command, items) {
    const numbers = new Map(orders.map((order) => [order.id, order.number]));
    for (const one of items) if (one.order) this.commands.take(one.order);
    const bad = items.filter((one) => !one.ok);
    this.queue.setMarks(bad.filter((one) => this.queue.store.orders.has(one.id)).map((one) => one.id));
    const lines = items.map((one) => el('li', { data: { ok: one.ok ? '1' : '0', id: one.id } }, el('b', {}, `${one.ok ? '✓' : '✗'} ${numbers.get(one.id)}`),
      el('span', {}, one.ok ? [t('console.bulk.done'), one.order?.technician_name].filter(Boolean).join(' · ') : one.text[language()])));
    const sum = t('console.bulk.result', { action: t(`console.bulk.${command}`), ok: items.length - bad.length, bad: bad.length });
    dialog.querySelector('.skeleton')?.replaceWith(el('p', { role: 'status' }, el('b', {}, sum)), el('ul.outcome', {}, ...lines),
      el('footer', {}, el('button.primary', { onclick: () => dialog.close() }, t('console.bulk.close'))));
    /** @type {HTMLElement|null} */ (dialog.querySelector('footer button'))?.focus();
  }
}
