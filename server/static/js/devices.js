// @ts-check
// Phones: who has one, a one-time code as QR for a new one, the end of an old one.

import { get, post } from './api.js';
import { el, openDialog, toastError } from './dom.js';
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
  const { items } = await get('/api/v1/devices');
  const now = store.clock.now();
  list.replaceChildren(...items.map((/** @type {any} */ d) => el('li', { data: { revoked: d.revoked_ms ? '1' : null } },
    el('b', {}, d.technician_name), el('span', {}, d.label),
    el('span.muted', {}, d.revoked_ms ? t('console.devices.revoked') : t('console.devices.last_seen', { time: d.last_seen_ms ? nearTime(d.last_seen_ms, now) : t('console.devices.never') })),
    d.revoked_ms ? null : el('button', { onclick: async () => { await post(`/api/v1/devices/${d.id}/revoke`, {}).catch(toastError); await fill(store, list); } }, t('console.do.revoke')))));
  if (!items.length) list.append(el('li.muted', {}, t('console.devices.empty')));
}
