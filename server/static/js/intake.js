// @ts-check
// The hotline's form: safety questions first with the advice to read aloud, then who, where, and the read-back.

import { get, post } from './api.js';
import { el, setText, toast, toastError } from './dom.js';
import { clockTime, codes, nearTime, sinceMidnight, t, word } from './i18n.js';
import { PlaceField } from './intake_place.js';
import { SHAPES } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./map.js').LiveMap} LiveMap */

const PAUSE_MS = 180;
const SLOT_MS = 7_200_000;
const FIRST_HOUR = 8;
const LAST_HOUR = 20;

const reference = () => [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, '0')).join('');
/** @param {string} code */
const asAnswer = (code) => (code === 'true' ? true : code === 'false' ? false : code);

export class Intake {
  /** @param {Store} store @param {LiveMap} map */
  constructor(store, map) {
    this.store = store;
    this.map = map;
    /** @type {HTMLElement|null} */ this.root = null;
  }

  get isOpen() {
    return this.root !== null;
  }

  open() {
    if (this.root) { this.field('fault_kind').focus(); return; }
    this.ref = reference();
    this.customer = null;
    /** @type {Record<string, string|boolean>} */ this.answers = {};
    this.placeField = new PlaceField({
      onPlace: (place, isFar) => this.setPlace(place, isFar), onCustomer: (id) => void this.chooseById(id), known: () => this.whoAndWhere(),
      onOpen: (id) => { this.close(); this.store.select(id); this.store.dispatchEvent(new CustomEvent('open', { detail: id })); },
    });
    this.root = el('section.intake', { role: 'dialog', 'aria-label': t('console.intake.title'), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) }, this.head(), this.form());
    document.body.append(this.root);
    this.map.onPlace = (place) => { this.setPlace(place); void this.placeField?.look(); };
    this.field('fault_kind').focus();
    void this.assess();
  }

  close() {
    this.root?.remove();
    this.root = null;
    this.map.onPlace = null;
    this.map.setPin(null);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Escape') { event.stopPropagation(); this.close(); }
  }

  /** @param {string} name @returns {any} */
  field(name) {
    return this.root?.querySelector(`[name=${name}]`);
  }

  head() {
    return el('header', {}, el('h2', {}, t('console.intake.title')), el('span.chip.priority', { id: 'intake-class' }, '…'),
      el('button.quiet.icon', { 'aria-label': t('console.drawer.close'), onclick: () => this.close() }, '×'));
  }

  form() {
    return el('form', { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); void this.submit(); } },
      el('fieldset.safety', {}, el('legend', {}, t('console.intake.safety_first')), this.what(), el('div.two', {}, this.questions(), this.advice())),
      el('fieldset', {}, el('legend', {}, t('console.intake.caller')), this.caller()),
      el('fieldset', {}, el('legend', {}, t('console.intake.address')), this.place()),
      this.foot());
  }

  what() {
    const select = (/** @type {string} */ name, /** @type {string} */ table, /** @type {string} */ label) => el('label', {}, label,
      el('select', { name, onchange: () => void this.assess() }, ...codes(table).map((code) => el('option', { value: code, selected: code === 'unknown' }, word(table, code)))));
    return el('div.pair', {}, select('fault_kind', 'fault', t('console.intake.fault')), select('location', 'location', t('console.intake.location')));
  }

  questions() {
    return el('ol.questions', {}, ...codes('question').map((question) => {
      const options = question === 'smell_strength' ? ['none', 'faint', 'strong', 'unknown'] : ['true', 'false', 'unknown'];
      const choices = options.map((code) => el('label.seg', {}, el('input', {
        type: 'radio', name: `q-${question}`, value: code, onchange: () => { this.answers[question] = asAnswer(code); void this.assess(); },
      }), el('span', {}, word('option', code))));
      return el('li', { role: 'radiogroup', 'aria-label': word('question', question) }, el('p', {}, word('question', question)), el('div.segs', {}, ...choices));
    }));
  }

  advice() {
    return el('div.aloud', {}, el('h3', {}, t('console.intake.read_aloud')), el('ol', { id: 'intake-advice', 'aria-live': 'polite' }), el('p.muted', {}, t('console.intake.unanswered')));
  }

  caller() {
    const search = el('input', { name: 'find', type: 'search', autocomplete: 'off', oninput: () => this.later(() => this.find(search.value)) });
    return el('div', {}, el('label', {}, t('console.intake.find_customer'), search), el('div.found', { id: 'intake-found' }),
      el('div.pair', {}, el('label', {}, t('console.intake.caller_name'), el('input', { name: 'caller_name', maxlength: '80', autocomplete: 'off' })),
        el('label', {}, t('console.intake.caller_phone'), el('input', { name: 'caller_phone', maxlength: '32', inputmode: 'tel', autocomplete: 'off', onchange: () => void this.placeField?.look() }))));
  }

  place() {
    return el('div', {}, el('label', {}, t('console.intake.address'), this.placeField?.input), this.placeField?.box,
      el('p.muted.pin', { id: 'intake-pin' }, t('console.intake.pin_hint')), this.placeField?.near,
      el('div.pair', {}, el('label', {}, t('console.intake.description'), el('textarea', { name: 'description', maxlength: '2000' })),
        el('label', {}, t('console.intake.window'), el('select', { name: 'window' }, el('option', { value: '' }, '–'), ...this.slots()))));
  }

  /** Two-hour windows of today and the next two days that have not begun. */
  slots() {
    const now = this.store.clock.now();
    const midnight = now - sinceMidnight(now);
    const starts = [0, 1, 2].flatMap((day) => Array.from({ length: (LAST_HOUR - FIRST_HOUR) / 2 }, (_, i) => midnight + day * 86_400_000 + (FIRST_HOUR + i * 2) * 3_600_000));
    return starts.map((at) => Math.round(at / 60_000) * 60_000).filter((at) => at > now)
      .map((at) => el('option', { value: String(at) }, `${nearTime(at, now)}–${clockTime(at + SLOT_MS)}`));
  }

  foot() {
    return el('footer', {}, el('label.tick', {}, el('input', { type: 'checkbox', name: 'read_back' }), t('console.intake.read_back')),
      el('button', { type: 'button', onclick: () => this.close() }, t('console.do.back')), el('button.primary', { type: 'submit' }, t('console.do.send')));
  }

  /** @param {() => void} act */
  later(act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, PAUSE_MS);
  }

  known() {
    return { fault_kind: this.field('fault_kind').value, location: this.field('location').value, answers: this.answers };
  }

  /** What the nearby question is asked with. */
  whoAndWhere() {
    return {
      customer_id: this.customer?.id ?? '', phone: this.field('caller_phone')?.value.trim() ?? '', address: this.field('address')?.value.trim() ?? '',
      lat: this.map.pin?.lat ?? null, lon: this.map.pin?.lon ?? null,
    };
  }

  async assess() {
    const asked = this.asked = Symbol('asked');
    try {
      const verdict = await post('/api/v1/intake/assess', this.known());
      if (!this.root || asked !== this.asked) return;
      const chip = /** @type {HTMLElement} */ (this.root.querySelector('#intake-class'));
      chip.dataset.priority = String(verdict.priority);
      setText(chip, `${SHAPES[verdict.priority]} ${word('priority', verdict.priority)}`);
      const list = /** @type {HTMLElement} */ (this.root.querySelector('#intake-advice'));
      list.replaceChildren(...verdict.advice.map((/** @type {string} */ code) => el('li', {}, word('advice', code))));
      if (!verdict.advice.length) list.append(el('li.none', {}, t('console.intake.no_advice')));
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {string} query */
  async find(query) {
    if (!this.root) return;
    const box = /** @type {HTMLElement} */ (this.root.querySelector('#intake-found'));
    if (query.trim().length < 2) { box.replaceChildren(); return; }
    const { items } = await get(`/api/v1/customers?query=${encodeURIComponent(query.trim())}`).catch(() => ({ items: [] }));
    box.replaceChildren(...items.slice(0, 5).map((/** @type {any} */ c) => el('button', { type: 'button', onclick: () => this.choose(c) }, el('b', {}, c.name), el('span', {}, `${c.phone} · ${c.address}`))));
    if (!items.length) box.append(el('p.muted', {}, t('console.intake.nothing_found')));
  }

  /** An own customer's address was chosen: it is that customer's call unless the agent says otherwise. @param {string} id */
  async chooseById(id) {
    const address = this.field('address').value;
    const { items } = await get(`/api/v1/customers?query=${encodeURIComponent(address)}`).catch(() => ({ items: [] }));
    const found = items.find((/** @type {any} */ c) => c.id === id);
    if (found && this.root && !this.field('caller_name').value) this.choose(found);
  }

  /** @param {any} customer */
  choose(customer) {
    this.customer = customer;
    for (const [name, value] of [['caller_name', customer.name], ['caller_phone', customer.phone], ['address', customer.address]]) this.field(name).value = value;
    const box = /** @type {HTMLElement} */ (this.root?.querySelector('#intake-found'));
    box.replaceChildren(el('p.chosen', {}, t('console.intake.chosen', { name: customer.name, account: customer.account }),
      el('button.quiet', { type: 'button', onclick: () => { this.customer = null; box.replaceChildren(); } }, t('console.intake.unchoose'))));
    if (customer.lat != null) this.setPlace({ lat: customer.lat, lon: customer.lon }, true);
    void this.placeField?.look();
  }

  /** @param {{lat: number, lon: number}} place @param {boolean} [isFar] also move the map there */
  setPlace(place, isFar = false) {
    this.map.setPin(place);
    if (isFar) this.map.show(place, 15);
    setText(/** @type {Element} */ (this.root?.querySelector('#intake-pin')), t('console.intake.pin_set', { lat: place.lat.toFixed(5), lon: place.lon.toFixed(5) }));
  }

  async submit() {
    if (!this.field('read_back').checked) {
      toast(t('console.intake.read_back_missing'), 'error');
      this.field('read_back').focus();
      return;
    }
    const start = Number(this.field('window').value) || null;
    const report = {
      ...this.known(), description: this.field('description').value.trim(), address: this.field('address').value.trim(),
      caller: { name: this.field('caller_name').value.trim(), phone: this.field('caller_phone').value.trim() },
      customer_id: this.customer?.id ?? null, lat: this.map.pin?.lat ?? null, lon: this.map.pin?.lon ?? null,
      window_start_ms: start, window_end_ms: start && start + SLOT_MS, read_back: true, channel: 'phone', ref: this.ref,
    };
    try {
      const opened = await post('/api/v1/intake/reports', report);
      this.close();
      toast(t('console.intake.done', { number: opened.number, priority: word('priority', opened.priority) }));
      await this.store.reload();
      this.store.select(opened.work_order_id);
      this.store.dispatchEvent(new CustomEvent('open', { detail: opened.work_order_id }));
    } catch (error) {
      toastError(error);
    }
  }
}
