// @ts-check
// The hotline's form: the class first; for a report the safety questions with the advice to read aloud, then who, where,
// and the read-back; for a question or a complaint what was said and what came of it.

import { get, post } from './api.js';
import { el, setText, toast, toastError } from './dom.js';
import { codes, t, word } from './i18n.js';
import { ClassField } from './intake_class.js';
import { PlaceField } from './intake_place.js';
import { TalkField } from './intake_talk.js';
import { WindowField } from './intake_windows.js';
import { SHAPES } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./map.js').LiveMap} LiveMap */

const PAUSE_MS = 180;
const SMELL = 'gas_odour';

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
    if (this.root) { this.classes?.focus(); return; }
    this.startedMs = Math.round(this.store.clock.now());
    this.ref = reference();
    this.customer = null;
    /** @type {Record<string, string|boolean>} */ this.answers = {};
    this.placeField = new PlaceField({
      onPlace: (place, isFar, isSure) => this.setPlace(place, isFar, isSure), onCustomer: (id) => void this.chooseById(id), known: () => this.whoAndWhere(),
      onOpen: (id) => { this.close(); this.store.select(id); this.store.dispatchEvent(new CustomEvent('open', { detail: id })); },
    });
    this.classes = new ClassField((name) => { this.showClass(name); this.presume(name); });
    this.classes.root.addEventListener('picked', (event) => this.goOn(/** @type {CustomEvent} */ (event).detail));
    this.talk = new TalkField(() => this.store.clock.now());
    this.windows = new WindowField(() => ({ ...this.known(), lat: this.map.pin?.lat ?? null, lon: this.map.pin?.lon ?? null }), () => this.store.clock.now());
    this.root = el('section.intake', { role: 'dialog', 'aria-label': t('console.intake.title'), onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e) }, this.head(), this.form());
    document.body.append(this.root);
    this.map.onPlace = (place) => { this.setPlace(place); void this.placeField?.look(); };  // the agent's own pin needs no second word
    this.showClass(this.classes.value);
    this.classes.focus();
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
    if (event.key === 'Escape') { event.stopPropagation(); this.close(); return; }
    if (this.classes?.key(event)) event.stopPropagation();
  }

  /** Tell whether a work order comes of it. */
  get isReport() {
    return this.classes?.value === 'alarm' || this.classes?.value === 'repair';
  }

  /** @param {string} name */
  showClass(name) {
    if (!this.root) return;
    this.talk?.show(name);
    for (const part of this.root.querySelectorAll('[data-report]')) /** @type {HTMLElement} */ (part).hidden = !this.isReport;
    this.field('address').required = this.isReport;
    const chip = /** @type {HTMLElement} */ (this.root.querySelector('#intake-class'));
    chip.hidden = !this.isReport;
    setText(/** @type {Element} */ (this.root.querySelector('button[type=submit]')), t(this.isReport ? 'console.do.send' : 'console.hot.save'));
  }

  /** An alarm is a smell of gas until something else is said. @param {string} name */
  presume(name) {
    const kind = this.field('fault_kind');
    const presumed = /** @type {Record<string, string>} */ ({ 'alarm unknown': SMELL, [`repair ${SMELL}`]: 'unknown' })[`${name} ${kind.value}`];
    if (presumed) { kind.value = presumed; void this.assess(); }
  }

  /** What is asked first in a class. @param {string} name */
  goOn(name) {
    if (name === 'alarm') /** @type {HTMLElement|null} */ (this.root?.querySelector('.questions input'))?.focus();
    else if (name === 'repair') this.field('fault_kind').focus();
    else this.talk?.focus();
  }

  /** @param {string} name @returns {any} */
  field(name) {
    return this.root?.querySelector(`[name=${name}]`);
  }

  head() {
    return el('header', {}, el('h2', {}, t('console.intake.title')), this.classes?.figures, el('span.chip.priority', { id: 'intake-class' }, '…'),
      el('button.quiet.icon', { 'aria-label': t('console.drawer.close'), onclick: () => this.close() }, '×'));
  }

  form() {
    return el('form', { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); void this.submit(); } },
      this.classes?.root, this.talk?.root,
      el('fieldset.safety', { data: { report: '1' } }, el('legend', {}, t('console.intake.safety_first')), this.what(), el('div.two', {}, this.questions(), this.advice())),
      el('fieldset', {}, el('legend', {}, t('console.intake.caller')), this.caller()),
      el('fieldset', { data: { report: '1' } }, el('legend', {}, t('console.intake.address')), this.place()),
      this.foot());
  }

  what() {
    const select = (/** @type {string} */ name, /** @type {string} */ table, /** @type {string} */ label) => el('label', {}, label,
      el('select', { name, onchange: () => void this.assess() }, ...codes(table).map((code) => el('option', { value: code, selected: code === 'unknown' }, word(table, code)))));
    return el('div.pair', {}, select('fault_kind', 'fault', t('console.intake.fault')), select('location', 'location', t('console.intake.location')));
  }

  questions() {
    return el('ol.questions', { role: 'group' }, ...codes('question').map((question) => {
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
    return el('div', {}, el('label', {}, t('console.intake.address'), this.placeField?.input), this.placeField?.box, this.placeField?.remote,
      el('p.muted.pin', { id: 'intake-pin' }, t('console.intake.pin_hint')), this.confirm(), this.placeField?.off, this.placeField?.near,
      el('label', {}, t('console.intake.description'), el('textarea', { name: 'description', maxlength: '2000' })), this.windows?.root);
  }

  /** A guessed address waits for the agent's word before anybody is sent there. */
  confirm() {
    return el('p.guess', { id: 'pin-confirm', role: 'status', hidden: true }, el('span', {}, t('console.hot.pin_guess')),
      el('button', { type: 'button', name: 'pin_ok', onclick: () => this.confirmPin() }, t('console.hot.pin_confirm')),
      el('button.quiet', { type: 'button', name: 'pin_without', onclick: () => { this.isWithoutPin = true; void this.submit(); } }, t('console.hot.pin_without')));
  }

  confirmPin() {
    this.isGuess = false;
    this.showGuess();
    toast(t('console.hot.pin_ok'));
    this.field('description').focus();
  }

  showGuess() {
    /** @type {HTMLElement} */ (this.root?.querySelector('#pin-confirm')).hidden = !this.isGuess;
  }

  foot() {
    return el('footer', {}, el('label.tick', { data: { report: '1' } }, el('input', { type: 'checkbox', name: 'read_back' }), t('console.intake.read_back')),
      el('button', { type: 'button', onclick: () => this.close() }, t('console.do.back')), el('button.primary', { type: 'submit' }, t('console.do.send')));
  }

  /** @param {() => void} act */
  later(act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, PAUSE_MS);
  }

  known() {
    // What was asked for a moment ago may still run when the form is closed.
    return { fault_kind: this.field('fault_kind')?.value ?? 'unknown', location: this.field('location')?.value ?? 'unknown', answers: this.answers };
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
      if (this.isReport) this.windows?.later();
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

  /** @param {{lat: number, lon: number}} place @param {boolean} [isFar] also move the map there @param {boolean} [isSure] nobody had to guess */
  setPlace(place, isFar = false, isSure = true) {
    this.map.setPin(place);
    this.isGuess = !isSure;
    this.isWithoutPin = false;
    this.showGuess();
    this.windows?.later();
    void this.placeField?.lookForOutages(place);
    if (isFar) this.map.show(place, 15);
    setText(/** @type {Element} */ (this.root?.querySelector('#intake-pin')), t('console.intake.pin_set', { lat: place.lat.toFixed(5), lon: place.lon.toFixed(5) }));
  }

  async submit() {
    if (!this.isReport) { await this.save(); return; }
    if (this.isGuess && !this.isWithoutPin) {
      toast(t('console.hot.pin_first'), 'error');
      this.field('pin_ok').focus();
      return;
    }
    if (!this.field('read_back').checked) {
      toast(t('console.intake.read_back_missing'), 'error');
      this.field('read_back').focus();
      return;
    }
    const report = {
      ...this.known(), description: this.field('description').value.trim(), address: this.field('address').value.trim(),
      caller: { name: this.field('caller_name').value.trim(), phone: this.field('caller_phone').value.trim() },
      customer_id: this.customer?.id ?? null, lat: this.map.pin?.lat ?? null, lon: this.map.pin?.lon ?? null,
      ...this.windows?.promised(), read_back: true, channel: this.classes?.how().channel ?? 'phone', ref: this.ref, is_place_guessed: Boolean(this.isGuess),
    };
    try {
      const opened = await post('/api/v1/intake/reports', report);
      this.note({ content: report.description, outcome: 'work_order', work_order_id: opened.work_order_id }).catch(toastError);
      this.close();
      toast(t('console.intake.done', { number: opened.number, priority: word('priority', opened.priority) }));
      await this.store.reload();
      this.store.select(opened.work_order_id);
      this.store.dispatchEvent(new CustomEvent('open', { detail: opened.work_order_id }));
    } catch (error) {
      toastError(error);
    }
  }

  /** Save a question or a complaint. */
  async save() {
    try {
      const saved = await this.note(this.talk?.what() ?? {});
      this.close();
      toast(saved.complaint_number ? t('console.hot.saved_complaint', { number: saved.complaint_number }) : t('console.hot.saved'));
    } catch (error) {
      toastError(error);
    }
  }

  /** Write the contact down (IN-01, IN-10). @param {Record<string, any>} what @returns {Promise<any>} */
  note(what) {
    return post('/api/v1/contacts', {
      ref: this.ref, ...this.classes?.how(), started_ms: this.startedMs, customer_id: this.customer?.id ?? null,
      caller_name: this.field('caller_name').value.trim(), caller_phone: this.field('caller_phone').value.trim(), ...what,
    });
  }
}
