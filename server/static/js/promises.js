// @ts-check
// Promises to a customer: another window with reason and telling, an answer by a time.

import { post } from './api.js';
import { el, openDialog, toast, toastError } from './dom.js';
import { clockTime, codes, fieldTime, nearTime, t, toMs, word } from './i18n.js';

const HOUR_MS = 3_600_000;

/** @param {string} text @param {HTMLElement} input */
export const field = (text, input) => el('label.field', {}, el('span', {}, text), input);

/** Ask how the customers were told. */
export const toldField = () => el('select', { name: 'told', required: true }, ...codes('told').map((code) => el('option', { value: code }, word('told', code))));

/** @param {import('./commands.js').Commands} commands @param {any} order */
export function openWindow(commands, order) {
  openDialog('promise', `${t('console.promise.window')} ${order.number}`, (dialog) => {
    const from = el('input', { type: 'datetime-local', name: 'from', required: true, value: fieldTime(order.window_start_ms) });
    const until = el('input', { type: 'datetime-local', name: 'until', required: true, value: fieldTime(order.window_end_ms) });
    const reason = el('input', { name: 'reason', maxlength: '200', required: true, autocomplete: 'off' });
    const told = toldField();
    const send = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      dialog.close();
      const [start, end] = [toMs(from.value), toMs(until.value)];
      const isDone = await commands.send(order, 'window', { start_ms: start, end_ms: end, reason: reason.value.trim(), told: told.value });
      if (isDone) toast(t('console.promise.changed', { number: order.number, start: clockTime(start), end: clockTime(end) }));
    };
    return [el('form.fields', { onsubmit: send }, field(t('console.bulk.from'), from), field(t('console.bulk.until'), until),
      field(t('console.reason.label'), reason), field(t('console.bulk.told'), told), el('footer', {}, el('button.primary', {}, t('console.bulk.do'))))];
  });
}

/** @param {import('./commands.js').Commands} commands @param {any} order */
export function openReply(commands, order) {
  const { store } = commands;
  openDialog('promise', `${t('console.promise.reply')} ${order.number}`, (dialog) => {
    const subject = el('input', { name: 'subject', maxlength: '200', required: true, autocomplete: 'off' });
    const due = el('input', { type: 'datetime-local', name: 'due', required: true, value: fieldTime(store.clock.now() + HOUR_MS) });
    const send = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      dialog.close();
      const dueMs = toMs(due.value);
      try {
        await post(`/api/v1/work-orders/${order.id}/replies`, { subject: subject.value.trim(), due_ms: dueMs });
        toast(t('console.promise.made', { time: nearTime(dueMs, store.clock.now()) }));
        store.touch('detail');
      } catch (error) {
        toastError(error);
      }
    };
    return [el('form.fields', { onsubmit: send }, field(t('console.promise.subject'), subject), field(t('console.promise.due'), due), el('footer', {}, el('button.primary', {}, t('console.promise.reply'))))];
  });
}

/** The customer has his answer. @param {{detail: any, store: import('./store.js').Store}} drawer @param {any} clock */
export async function keepReply(drawer, clock) {
  try {
    await post(`/api/v1/work-orders/${drawer.detail.order.id}/replies/${clock.promise_id}/keep`, {});
    toast(t('console.promise.kept'));
    drawer.store.touch('detail');
  } catch (error) {
    toastError(error);
  }
}
