// @ts-check
// Phones: who has one, a one-time code as QR for a new one, the end of an old one.

import { get, post } from './api.js';
import { el, openDialog, toast, toastError } from './dom.js';
import { clockTime, nearTime, t } from './i18n.js';

/** @typedef {import('./store.js').Store} Store */

/** @param {Store} store */
export async function openDevices(store) {
  const list = el('ul.devices', {}, el('li.skeleton'));
  const code = el('div.code');
  const people = [...store.technicians.values()].sort((a, b) => a.name.localeCompare(b.name, 'zh'));
  const select = el('select', { 'aria-label': t('console.devices.choose') }, ...people.map((p) => el('option', { value: p.id }, p.name)));
  const issue = el('button.primary', { onclick: () => void showCode(select.value, code) }, t('console.do.enrol'));
  const dialog = openDialog('phones', t('console.devices.title'), () => [el('div.pair', {}, select, issue), code, list]);
  await fill(store, list).catch((error) => { dialog.close(); toastError(error); });
}

/** @param {string} technicianId @param {HTMLElement} box */
async function showCode(technicianId, box) {
  try {
    const issued = await post('/api/v1/devices/codes', { technician_id: technicianId });
    const picture = new DOMParser().parseFromString(issued.qr_svg, 'text/html').querySelector('svg');
    box.replaceChildren(picture ?? '', el('b', {}, issued.code), el('p.muted', {}, t('console.devices.hint', { time: clockTime(issued.expires_ms) })));
  } catch (error) {
    toastError(error);
  }
}

/** @param {Store} store @param {HTMLElement} list */
async function fill(store, list) {
  const [{ items }, watch] = await Promise.all([get('/api/v1/devices'), get('/api/v1/watch')]);
  const now = store.clock.now();
  const sorted = [...items].sort((a, b) => a.technician_name.localeCompare(b.technician_name, 'zh'));
  list.replaceChildren(...sorted.map((/** @type {any} */ d) => {
    const order = watch.device_orders[d.id];
    return el('li', { data: { revoked: d.revoked_ms ? '1' : null, order: order?.order ?? null } },
      el('b', {}, d.technician_name, d.label && d.label !== d.technician_name ? el('small.muted', {}, ` ${d.label}`) : null), el('span.muted', {}, standing(d, order, now)),
      el('span.acts', {}, ...buttons(d, order, () => fill(store, list))));
  }));
  if (!items.length) list.append(el('li.muted', {}, t('console.devices.empty')));
}

/** @param {any} device @param {any} order @param {number} now */
function standing(device, order, now) {
  if (order) return t(`console.watch.order_${order.order}${order.order_done_ms ? '_done' : ''}`);
  if (device.revoked_ms) return t('console.devices.revoked');
  const seen = t('console.devices.last_seen', { time: device.last_seen_ms ? nearTime(device.last_seen_ms, now) : t('console.devices.never') });
  return device.unsent ? seen + t('console.devices.unsent', { count: device.unsent }) : seen;
}

/** What can be done to a phone: test its alarm, lock or open it, end its access, wipe it. @param {any} device @param {any} order @param {() => Promise<void>} again */
function buttons(device, order, again) {
  const send = (/** @type {string} */ path) => post(path, {}).then(again).catch(toastError);
  const press = (/** @type {string} */ key, /** @type {() => unknown} */ act, /** @type {string} */ kind = 'button') => el(kind, { data: { do: key }, onclick: act }, key === 'revoke' ? t('console.do.revoke') : t(`console.watch.${key}`));
  if (order?.order === 'wipe') return [];
  const wipe = press('wipe', () => confirmWipe(device, () => send(`/api/v1/devices/${device.id}/wipe`)), 'button.danger');
  if (device.revoked_ms) return [wipe];
  const turn = order ? press('unlock', () => send(`/api/v1/devices/${device.id}/unlock`)) : press('lock', () => send(`/api/v1/devices/${device.id}/lock`));
  const test = press('test', () => post(`/api/v1/technicians/${device.technician_id}/test-push`, {}).then(() => toast(t('console.watch.test_sent', { name: device.technician_name }))).catch(toastError));
  return [test, turn, press('revoke', () => send(`/api/v1/devices/${device.id}/revoke`)), wipe];
}

/** A wipe cannot be undone: it is asked for once more. @param {any} device @param {() => Promise<unknown>} act */
function confirmWipe(device, act) {
  openDialog('wipe', t('console.watch.wipe_title', { name: device.technician_name }), (dialog) => [
    el('p', {}, t('console.watch.wipe_hint')),
    el('footer', {}, el('button', { onclick: () => dialog.close() }, t('console.do.back')),
      el('button.danger', { onclick: () => { dialog.close(); void act(); } }, t('console.watch.wipe'))),
  ]);
}
