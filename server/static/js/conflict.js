// @ts-check
// Two people, one order: what the other one did, how it stands now, and whether to do it all the same.

import { el, openDialog } from './dom.js';
import { fullTime, language, t, word } from './i18n.js';

/**
 * Show a conflict; resolve to what the second attempt brought, or false when it is left.
 * @param {{order: any, done?: {at_ms: number, actor_name: string, text: Record<string, string>}[]}} conflict @param {() => Promise<boolean>} redo
 * @returns {Promise<boolean>}
 */
export function openConflict({ order, done = [] }, redo) {
  return new Promise((resolve) => {
    /** @type {Promise<boolean>|boolean} */ let answer = false;
    openDialog('conflict', t('console.conflict.title', { number: order.number }), (dialog) => {
      const lines = done.map((one) => el('li', {}, el('time', {}, fullTime(one.at_ms)), ' ', one.text[language()], el('small', {}, ` ${one.actor_name}`)));
      const state = [word('state', order.state), order.technician_name].filter(Boolean).join(' · ');
      const again = el('button.primary', { data: { action: 'redo' }, onclick: () => { answer = redo(); dialog.close(); } }, t('console.conflict.redo'));
      dialog.addEventListener('close', () => resolve(answer));
      return [el('p', {}, t('console.conflict.by')), el('ul.plain', {}, ...lines), el('p', {}, el('b', {}, t('console.conflict.now', { state }))),
        el('footer', {}, el('button', { data: { action: 'leave' }, onclick: () => dialog.close() }, t('console.conflict.leave')), again)];
    }).querySelector('[data-action=leave]')?.focus();
  });
}

/**
 * A customer is just signing: say so, and do it only when it is said again; resolve to what that brought, or false.
 * @param {any} order @param {() => Promise<boolean>} redo
 * @returns {Promise<boolean>}
 */
export function openSigning(order, redo) {
  return new Promise((resolve) => {
    /** @type {Promise<boolean>|boolean} */ let answer = false;
    openDialog('signing', t('console.conflict.signing', { number: order.number }), (dialog) => {
      const again = el('button.danger', { data: { action: 'redo' }, onclick: () => { answer = redo(); dialog.close(); } }, t('console.conflict.redo'));
      dialog.addEventListener('close', () => resolve(answer));
      return [el('p', {}, t('console.conflict.signing_hint')),
        el('footer', {}, el('button', { data: { action: 'leave' }, onclick: () => dialog.close() }, t('console.conflict.wait')), again)];
    }).querySelector('[data-action=leave]')?.focus();
  });
}
