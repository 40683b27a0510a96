// @ts-check
// A stop in other hands or at another time: the server's verdict stands on the screen before the drop is final.

import { get } from './api.js';
import { el, openDialog, toastError } from './dom.js';
import { clockTime, fieldTime, language, t, toMs } from './i18n.js';
import { verdict } from './why.js';

/** @typedef {import('./commands.js').Commands} Commands */

const HELD = new Set(['offered', 'delivered', 'seen', 'accepted', 'en_route', 'arrived', 'working']);

/**
 * Ask the server what a move would do, show it, and move only when the dispatcher says so.
 * @param {Commands} commands @param {any} order @param {{technicianId?: string, startMs?: number|null}} [where] whose day, not before when
 */
export function openMove(commands, order, where = {}) {
  openDialog('move', t('console.drop.title', { number: order.number }), (dialog) => new Move(commands, order, dialog).parts(where));
}

class Move {
  /** @param {Commands} commands @param {any} order @param {HTMLDialogElement} dialog */
  constructor(commands, order, dialog) {
    this.commands = commands;
    this.order = order;
    this.dialog = dialog;
    this.asked = 0;
    this.told = el('section.verdict', { 'aria-live': 'polite', 'aria-busy': 'true' });
    this.confirm = el('button.primary', { data: { action: 'confirm' }, disabled: true }, t('console.drop.confirm'));
  }

  /** @param {{technicianId?: string, startMs?: number|null}} where */
  parts({ technicianId = this.order.technician_id, startMs = null }) {
    const people = [...this.commands.store.technicians.values()].sort((a, b) => a.name.localeCompare(b.name, 'zh'));
    this.who = el('select', { name: 'who', id: 'move-who' }, ...people.map((p) => el('option', { value: p.id, selected: p.id === technicianId }, p.name)));
    this.when = el('input', { name: 'when', id: 'move-when', type: 'datetime-local', value: fieldTime(startMs) });
    for (const field of [this.who, this.when]) field.addEventListener('change', () => void this.ask());
    const form = el('form', { method: 'dialog', onsubmit: (/** @type {SubmitEvent} */ event) => this.submit(event) },
      el('div.two', {}, el('label', { for: 'move-who' }, t('console.drop.who'), this.who), el('label', { for: 'move-when' }, t('console.drop.time'), this.when)),
      this.told, el('footer', {}, el('button', { type: 'button', data: { action: 'revert' }, onclick: () => this.dialog.close() }, t('console.drop.revert')), this.confirm));
    void this.ask();
    return [form];
  }

  get isAtOnce() {
    return this.order.priority === 1 || HELD.has(this.order.assignment_state);
  }

  async ask() {
    const asked = (this.asked += 1);
    this.confirm.disabled = true;
    this.told.setAttribute('aria-busy', 'true');
    this.told.replaceChildren(el('p.muted', {}, t('console.drop.checking')));
    const startMs = toMs(this.when.value);
    try {
      const found = await get(`/api/v1/work-orders/${this.order.id}/what-if/${this.who.value}${startMs ? `?start_ms=${startMs}` : ''}`);
      if (asked === this.asked) this.show(found);
    } catch (error) {
      if (asked === this.asked) this.refuse(error instanceof Error ? error.message : '');
    }
  }

  /** @param {string} reason */
  refuse(reason) {
    this.told.removeAttribute('aria-busy');
    this.told.dataset.verdict = 'no';
    this.told.replaceChildren(el('p.flag', {}, t('console.drop.refused', { reason })));
  }

  /** @param {any} found */
  show(found) {
    if (found.reason_code !== null) { this.refuse(found.reason?.[language()] ?? ''); return; }
    this.told.removeAttribute('aria-busy');
    this.told.dataset.verdict = 'yes';
    const after = t(this.isAtOnce ? 'console.drop.held' : 'console.drop.stay');
    this.told.replaceChildren(el('h3', {}, t('console.drop.to', { name: found.name, time: clockTime(toMs(this.when.value) ?? found.start_ms) })),
      ...verdict(found), el('p.muted', {}, after));
    this.confirm.disabled = false;
    if (document.activeElement === document.body || document.activeElement === this.dialog) this.confirm.focus();
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    if (this.confirm.disabled) return;
    const name = this.who.selectedOptions[0]?.textContent ?? '';
    this.dialog.close();
    void this.commands.place(this.order, { technician_id: this.who.value, start_ms: toMs(this.when.value), name });
  }
}
