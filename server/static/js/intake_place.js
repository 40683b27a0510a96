// @ts-check
// Where it is: addresses as the caller says them, the pin, and what else smells of gas near by.

import { get, post } from './api.js';
import { el, toast, toastError } from './dom.js';
import { clockTime, nearTime, t, word } from './i18n.js';
import { readGuide } from './intake_class.js';

const PAUSE_MS = 160;
const SHORTEST = 2;
const POLL_MS = 800;
const POLLS = 60;

/** @typedef {{lat: number, lon: number}} Place */

export class PlaceField {
  /** @param {{onPlace: (place: Place, isFar: boolean, isSure: boolean) => void, onCustomer: (id: string) => void, known: () => any, onOpen: (id: string) => void}} parts */
  constructor(parts) {
    this.parts = parts;
    this.input = /** @type {HTMLInputElement} */ (el('input', {
      name: 'address', required: true, maxlength: '200', autocomplete: 'off', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'address-hits',
      oninput: () => this.later(), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e), onchange: () => void this.look(),
    }));
    this.box = el('div.found.hits', { id: 'address-hits', role: 'listbox' });
    this.remote = el('p.remote', { id: 'intake-remote', role: 'status', hidden: true });
    this.off = el('div.near', { id: 'intake-off', 'aria-live': 'assertive' });
    this.near = el('div.near', { id: 'intake-near', 'aria-live': 'polite' });
    /** @type {any[]} */ this.items = [];
    this.at = -1;
    this.hasRemote = false;
    void readGuide().then((guide) => { this.hasRemote = guide.has_geocoder; }).catch(() => null);
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), PAUSE_MS);
  }

  async search() {
    const text = this.input.value.trim();
    const asked = this.asked = Symbol('asked');
    if (text.length < SHORTEST) { this.show([]); return; }
    const { items } = await get(`/api/v1/addresses?query=${encodeURIComponent(text)}`).catch(() => ({ items: [] }));
    if (asked === this.asked && this.input.isConnected) this.show(items);
  }

  /** @param {any[]} items */
  show(items) {
    this.items = items;
    this.at = -1;
    this.input.setAttribute('aria-expanded', String(items.length > 0));
    this.box.replaceChildren(...items.map((item, i) => el('button', { type: 'button', role: 'option', id: `hit-${i}`, tabindex: '-1', onclick: () => this.choose(item) },
      el('b', {}, item.label), el('span', {}, item.is_sure ? t(`console.place.${item.kind}`) : t('console.place.guess')))));
    this.offerRemote(items);
  }

  /** What is not known here may be known elsewhere; intake goes on meanwhile. @param {any[]} items */
  offerRemote(items) {
    const isWanted = this.hasRemote && this.input.value.trim().length >= SHORTEST && !items.some((item) => item.is_sure);
    this.remote.hidden = !isWanted;
    if (isWanted) this.remote.replaceChildren(el('button.quiet', { type: 'button', onclick: () => void this.askRemote() }, t('console.hot.remote')));
  }

  async askRemote() {
    const asked = this.remotely = Symbol('remote');
    this.remote.replaceChildren(t('console.hot.remote_wanted'));
    try {
      const { lookup_id: id } = await post('/api/v1/intake/lookups', { query: this.input.value.trim() });
      for (let n = 0; n < POLLS; n += 1) {
        await new Promise((done) => { setTimeout(done, POLL_MS); });
        if (asked !== this.remotely || !this.input.isConnected) return;
        const found = await get(`/api/v1/intake/lookups/${id}`);
        if (found.state !== 'wanted') { this.showRemote(found); return; }
      }
      this.showRemote({ state: 'failed', failures: '…' });
    } catch (error) {
      this.remote.replaceChildren(t('console.hot.remote_failed', { reason: error instanceof Error ? error.message : '' }));
    }
  }

  /** @param {any} found */
  showRemote(found) {
    const failed = found.failures ? el('small.muted', {}, ` ${found.failures}`) : null;
    if (found.state === 'found') this.remote.replaceChildren(el('button', { type: 'button', onclick: () => { this.parts.onPlace({ lat: found.lat, lon: found.lon }, true, false); void this.look(); } }, t('console.hot.remote_found', found)), failed ?? '');
    else this.remote.replaceChildren(found.state === 'nothing' ? t('console.hot.remote_nothing') : t('console.hot.remote_failed', { reason: found.failures }));
  }

  /** Tell at once when gas is off at the place. @param {Place} place */
  async lookForOutages(place) {
    const asked = this.outages = Symbol('outages');
    const { items } = await get(`/api/v1/areas?lat=${place.lat}&lon=${place.lon}`).catch(() => ({ items: [] }));
    if (asked !== this.outages || !this.off.isConnected) return;
    const now = Date.now();
    this.off.replaceChildren(...items.filter((/** @type {any} */ one) => one.kind !== 'service').map((/** @type {any} */ one) => el('p.warn.off', { role: 'alert' },
      t(one.until_ms ? 'console.hot.gas_off' : 'console.hot.gas_off_open', { until: nearTime(one.until_ms, now), kind: t(`console.area.kind_${one.kind}`), name: one.name }))));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.items.length) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      this.at = (this.at + (event.key === 'ArrowDown' ? 1 : -1) + this.items.length) % this.items.length;
      [...this.box.children].forEach((node, i) => node.setAttribute('aria-selected', String(i === this.at)));
      this.input.setAttribute('aria-activedescendant', `hit-${this.at}`);
    } else if (event.key === 'Enter' && this.at >= 0) {
      event.preventDefault();
      this.choose(this.items[this.at]);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      this.show([]);
    }
  }

  /** @param {any} item */
  choose(item) {
    this.input.value = item.label;
    this.show([]);
    this.parts.onPlace({ lat: item.lat, lon: item.lon }, true, item.is_sure);
    if (item.kind === 'customer' && item.is_sure) this.parts.onCustomer(item.ref);
    this.input.focus();
    void this.look();
  }

  /** Tell what is known about this home and its neighbours; nothing is decided for the agent. */
  async look() {
    const known = this.parts.known();
    if (!known.phone && !known.address && known.lat === null && !known.customer_id) { this.near.replaceChildren(); return; }
    const asked = this.looked = Symbol('looked');
    const found = await post('/api/v1/intake/nearby', known).catch(() => null);
    if (!found || asked !== this.looked || !this.near.isConnected) return;
    const same = new Set(found.same_home.map((/** @type {any} */ o) => o.id));
    const odours = found.odours.filter((/** @type {any} */ o) => !same.has(o.id));
    this.near.replaceChildren(
      ...(odours.length ? [el('p.warn', { role: 'alert' }, t('console.place.odours', { count: odours.length }), ' ', ...odours.slice(0, 4).map((/** @type {any} */ o) => el('button.quiet', { type: 'button', onclick: () => this.parts.onOpen(o.id) }, `${o.number} · ${o.metres} m · ${clockTime(o.opened_ms)}`)))] : []),
      ...found.same_home.slice(0, 3).map((/** @type {any} */ o) => this.same(o)),
    );
  }

  /** @param {any} order */
  same(order) {
    return el('p.same', {}, el('span', {}, t('console.place.same', { number: order.number, state: word('state', order.state), why: t(`console.place.why_${order.why}`) })),
      el('button', { type: 'button', onclick: () => void this.callAgain(order) }, t('console.place.add_call')));
  }

  /** @param {any} order */
  async callAgain(order) {
    try {
      await post(`/api/v1/work-orders/${order.id}/calls`, { note: this.parts.known().note ?? '' });
      toast(t('console.place.call_added', { number: order.number }));
      this.parts.onOpen(order.id);
    } catch (error) {
      toastError(error);
    }
  }
}
