// @ts-check
// What a dispatcher can do to an order: assign with candidates, recall, hold, release, cancel, reopen, undo.

import { get, post } from './api.js';
import { el, openDialog, rove, toast, toastError } from './dom.js';
import { clockTime, language, t } from './i18n.js';
import { openConflict, openSigning } from './conflict.js';
import { openMove } from './moving.js';
import { openReply, openWindow } from './promises.js';
import { provenance } from './travel.js';
import { openWhy } from './why.js';

/** @typedef {import('./store.js').Store} Store */

const REASONS = /** @type {Record<string, string[]>} */ ({
  recall: ['more_urgent', 'wrong_person', 'customer_asked', 'other'],
  hold: ['parts', 'customer_asked', 'other'],
  cancel: ['duplicate_call', 'customer_asked', 'other'],
  reopen: ['customer_asked', 'other'],
});

export class Commands {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** What takes the last commands back, newest last. @type {{id: string, back: (order: any) => Promise<unknown>}[]} */ this.done = [];
  }

  /** Send a command on the version that is on the screen; a conflict brings the newer row. @param {any} order @param {string} name @param {any} body @param {boolean} isSure said again while the customer signs */
  async send(order, name, body, isSure = false) {
    try {
      const answer = await post(`/api/v1/work-orders/${order.id}/${name}${isSure ? '?sure=1' : ''}`, { ver: this.latest(order).ver, ...body });
      this.take(answer.order);
      return true;
    } catch (error) {
      const { code, data } = /** @type {any} */ (error);
      if (data?.order) this.take(data.order);
      if (code === 'customer_signing' && !isSure) return openSigning(order, () => this.send(order, name, body, true));
      if (code !== 'version_conflict' || !data?.order) { toastError(error); return false; }
      return openConflict(data, () => this.send(data.order, name, body));
    }
  }

  /** @param {any} order */
  latest(order) {
    return this.store.orders.get(order.id) ?? order;
  }

  /** @param {any} row */
  take(row) {
    if (row.is_open) this.store.orders.set(row.id, row);
    else this.store.orders.delete(row.id);
    for (const name of ['orders', 'detail']) this.store.touch(name);
  }

  /** @param {any} order */
  async assign(order) {
    const dialog = openDialog('assign', t('console.assign.title', { number: order.number }), () => [el('div.list.skeleton')]);
    try {
      const found = await get(`/api/v1/work-orders/${order.id}/candidates`);
      if (dialog.isConnected) this.fillCandidates(dialog, order, found.items, found.travel_quality);
    } catch (error) {
      dialog.close();
      toastError(error);
    }
  }

  /** @param {HTMLDialogElement} dialog @param {any} order @param {any[]} items @param {string} quality */
  fillCandidates(dialog, order, items, quality) {
    const rows = items.map((item) => this.candidate(dialog, order, item, items[0]));
    const list = el('div.list', { role: 'listbox', 'aria-label': t('console.do.assign'), onkeydown: (/** @type {KeyboardEvent} */ e) => rove(e, rows.filter((r) => !r.disabled)) }, ...rows);
    const empty = items.length ? null : el('p.empty', {}, t('console.assign.empty'));
    dialog.querySelector('.skeleton')?.replaceWith(list, empty ?? '', el('p.muted.hint', {}, t('console.assign.hint')), provenance(quality) ?? '');
    rows.find((row) => !row.disabled)?.focus();
  }

  /** @param {HTMLDialogElement} dialog @param {any} order @param {any} item @param {any} best */
  candidate(dialog, order, item, best) {
    const isOut = item.reason_code !== null;
    const side = isOut ? item.reason?.[language()] ?? ''
      : [
        item.moved ? t('console.assign.moves', { count: item.moved }) : t('console.assign.moves_none'),
        item.needs_consent ? t('console.assign.consent') : '',
        item.is_kept ? t('console.assign.kept') : '',
      ].filter(Boolean).join(' · ');
    const behind = item.arrival_ms && best.arrival_ms ? Math.round((item.arrival_ms - best.arrival_ms) / 60_000) : 0;
    return el('button.candidate', {
      role: 'option', disabled: isOut, data: { technician: item.technician_id },
      onclick: () => { dialog.close(); void this.give(order, item); },
    }, el('b', {}, item.name), el('span.side', {}, side),
      el('span.num', {}, item.arrival_ms ? clockTime(item.arrival_ms) : ''),
      el('span.num.behind', {}, isOut ? '' : item === best ? t('console.assign.best') : t('console.assign.behind', { minutes: behind })));
  }

  /** @param {any} order @param {any} item */
  async give(order, item) {
    if (!await this.send(order, 'assign', { technician_id: item.technician_id })) return;
    this.remember(order, (latest) => this.takeBack(latest));
    toast(t('console.assign.done', { number: order.number, name: item.name }));
  }

  /** Put an order on somebody's day, at a time or any time. @param {any} order @param {{technician_id: string, start_ms: number|null, name: string}} where */
  async place(order, where) {
    const before = { ...this.latest(order) };
    const stop = this.findStop(order.id);
    if (!await this.send(order, 'place', { technician_id: where.technician_id, start_ms: where.start_ms })) return;
    const wasPlanned = before.technician_id && before.assignment_state === 'planned';
    const back = { technician_id: before.technician_id, start_ms: stop?.start_ms ?? null, is_locked: Boolean(before.is_kept) };
    this.remember(order, (latest) => this.backFrom(latest, wasPlanned ? back : null));
    toast(t('console.drop.done', { number: order.number, name: where.name }));
  }

  /** @param {any} latest @param {{technician_id: string, start_ms: number|null, is_locked: boolean}|null} back */
  async backFrom(latest, back) {
    if (latest.assignment_state !== 'planned' && latest.assignment_state) return this.takeBack(latest);
    return back ? this.send(latest, 'place', back) : this.send(latest, 'lock', { is_locked: false });
  }

  /** @param {any} order */
  async takeBack(order) {
    if (await this.send(order, 'recall', { reason: t('console.reason.wrong_person') })) this.tell(order, 'recall');
  }

  /** @param {string} id */
  findStop(id) {
    for (const row of this.store.technicians.values()) {
      const stop = row.route.find((one) => one.work_order_id === id);
      if (stop) return stop;
    }
    return null;
  }

  /** Lock a planned stop with its technician, or give it back to the planner. @param {any} order */
  async lock(order) {
    const isLocked = !this.latest(order).is_kept;
    if (!await this.send(order, 'lock', { is_locked: isLocked })) return;
    this.remember(order, (latest) => this.send(latest, 'lock', { is_locked: !isLocked }));
    toast(t(isLocked ? 'console.lock.locked' : 'console.lock.unlocked', { number: order.number, name: this.latest(order).technician_name }));
  }

  /** @param {any} order @param {(order: any) => Promise<unknown>} back */
  remember(order, back) {
    this.done.push({ id: order.id, back });
  }

  /** Take the last command back. */
  async undo() {
    const last = this.done.pop();
    const order = last && this.store.orders.get(last.id);
    if (!last || !order) { toast(t('console.error.nothing_to_undo')); return; }
    await last.back(order);
  }

  /** @param {any} order @param {string} name */
  tell(order, name) {
    toast(t('console.reason.done', { number: order.number, action: t(`console.do.${name}`) }));
  }

  /** Ask for the reason, then do it. @param {any} order @param {string} name */
  ask(order, name) {
    const title = t(`console.reason.${name}_title`, { number: order.number });
    openDialog('reason', title, (dialog) => {
      const other = el('input', { id: 'reason-text', maxlength: '200', autocomplete: 'off' });
      const choices = REASONS[name].map((code, index) => el('label.choice', {}, el('input', { type: 'radio', name: 'reason', value: code, checked: index === 0 }), t(`console.reason.${code}`)));
      const form = el('form', {
        method: 'dialog',
        onsubmit: async () => {
          const chosen = /** @type {any} */ (form.querySelector('input[name=reason]:checked'))?.value;
          const reason = other.value.trim() || t(`console.reason.${chosen}`);
          if (!await this.send(order, name, { reason })) return;
          this.tell(order, name);
          if (name === 'hold') this.remember(order, (latest) => this.release(latest));
        },
      }, ...choices, el('label', { for: 'reason-text' }, t('console.reason.label')), other, el('p.muted', {}, t('console.reason.hint')),
      el('footer', {}, el('button', { type: 'button', onclick: () => dialog.close() }, t('console.do.back')), el(name === 'cancel' ? 'button.danger' : 'button.primary', {}, t(`console.do.${name}`))));
      return [form];
    });
  }

  /** @param {any} order */
  async release(order) {
    if (await this.send(order, 'release', { reason: '' })) this.tell(order, 'release');
  }

  /** What the drawer's buttons do. @returns {Record<string, (order: any) => void>} */
  actions() {
    const asking = Object.fromEntries(Object.keys(REASONS).map((name) => [name, (/** @type {any} */ order) => this.ask(order, name)]));
    return { ...asking, assign: (order) => void this.assign(order), release: (order) => void this.release(order), lock: (order) => void this.lock(order), move: (order) => openMove(this, order), window: (order) => openWindow(this, order), reply: (order) => openReply(this, order), why: (order) => void openWhy(this, order) };
  }
}

