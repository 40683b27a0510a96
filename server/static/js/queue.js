// @ts-check
// The queue: filters, search, one row per open order, its countdown; arrows move, Enter opens.

import { byId, el, setText } from './dom.js';
import { t, word } from './i18n.js';
import { SHAPES, countdown, isLate, isUnassigned, sortByUrgency } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./store.js').OrderRow} OrderRow */

const ROW_PX = 58; // as in console.css
const MANY = 120; // a longer queue has only those rows in the page that can be seen, and some around them
const AROUND = 20;
const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity });

export class Queue {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.filter = 'all';
    this.query = '';
    /** Those in the page. @type {Map<string, HTMLElement>} */ this.rows = new Map();
    /** All that pass the filter, in their order. @type {OrderRow[]} */ this.shown = [];
    /** @type {Map<string, number>} */ this.places = new Map();
    this.range = [0, 0];
    /** @type {HTMLElement} */ this.list = byId('rows');
    /** @type {HTMLInputElement} */ this.search = byId('search');
    this.list.addEventListener('keydown', (event) => this.move(event));
    this.list.addEventListener('scroll', () => this.follow(), { passive: true });
    /** @type {Set<number>} */ this.priorities = new Set();
    /** @type {Set<string>} */ this.marked = new Set();
    /** @type {string|null} */ this.anchor = null;
    this.search.addEventListener('input', () => { this.query = this.search.value.trim().toLowerCase(); this.draw(); });
    this.search.addEventListener('keydown', (event) => this.leaveSearch(event));
    this.makeFilters();
    store.addEventListener('orders', () => this.draw());
    store.addEventListener('selection', () => { this.reveal(store.selectedId); this.mark(); });
  }

  makeFilters() {
    for (const name of ['all', 'leaks', 'late', 'unassigned']) {
      const chip = el('button.chip', { data: { filter: name }, 'aria-pressed': String(name === this.filter), onclick: () => this.choose(name) },
        t(`console.${name}`), ' ', el('b', {}, ''));
      byId('filters').append(chip);
    }
  }

  /** @param {string} name */
  choose(name) {
    this.filter = name;
    for (const chip of byId('filters').children) chip.setAttribute('aria-pressed', String(chip.dataset.filter === name));
    this.draw();
  }

  /** @param {OrderRow} order @param {string} filter @param {number} now */
  passes(order, filter, now) {
    if (filter === 'leaks') return order.is_leak;
    if (filter === 'late') return isLate(order, now);
    return filter === 'all' || isUnassigned(order);
  }

  /** What is shown, as a saved view keeps it. */
  get view() {
    return { filter: this.filter, text: this.search.value.trim(), priorities: [...this.priorities].sort() };
  }

  /** Show what a saved view keeps. @param {{filter: string, text: string, priorities: number[]}} view */
  set view(view) {
    this.search.value = view.text;
    this.query = view.text.toLowerCase();
    this.priorities = new Set(view.priorities);
    this.choose(view.filter);
    this.store.dispatchEvent(new CustomEvent('view'));
  }

  /** Show one priority, or no longer. @param {number} priority */
  flipPriority(priority) {
    if (!this.priorities.delete(priority)) this.priorities.add(priority);
    this.draw();
    this.store.dispatchEvent(new CustomEvent('view'));
  }

  /** Mark an order for a bulk action, or no longer. @param {string} id @param {boolean} [isMarked] */
  flipMark(id, isMarked = !this.marked.has(id)) {
    if (isMarked) this.marked.add(id); else this.marked.delete(id);
    this.anchor = id;
    this.showMarks();
  }

  /** @param {Iterable<string>} ids */
  setMarks(ids) {
    this.marked = new Set(ids);
    this.showMarks();
  }

  showMarks() {
    for (const [id, row] of this.rows) {
      row.toggleAttribute('data-marked', this.marked.has(id));
      row.setAttribute('aria-checked', String(this.marked.has(id)));
    }
    this.store.dispatchEvent(new CustomEvent('marks'));
  }

  /** @returns {OrderRow[]} the marked orders that are still open */
  get chosen() {
    return [...this.marked].flatMap((id) => this.store.orders.get(id) ?? []);
  }

  /** @param {OrderRow} order */
  matches(order) {
    if (this.priorities.size && !this.priorities.has(order.priority)) return false;
    if (!this.query) return true;
    const text = [order.number, order.address, order.customer_name, order.technician_name, word('fault', order.fault_kind)].join(' ');
    return this.query.split(/\s+/).every((part) => text.toLowerCase().includes(part));
  }

  draw() {
    if (!this.store.isLoaded) return;
    const all = [...this.store.orders.values()];
    const now = this.store.clock.now();
    for (const chip of byId('filters').children) {
      const count = all.filter((o) => this.passes(o, chip.dataset.filter, now)).length;
      setText(chip.querySelector('b'), String(count));
      chip.classList.toggle('hot', count > 0 && chip.dataset.filter === 'late');
    }
    this.shown = sortByUrgency(all.filter((o) => this.passes(o, this.filter, now) && this.matches(o)));
    this.places = new Map(this.shown.map((o, index) => [o.id, index]));
    this.place();
    this.tell(all.length, this.shown.length);
    this.mark();
    this.tick();
    for (const id of this.marked) if (!this.store.orders.has(id)) this.marked.delete(id);
    this.showMarks();
  }

  /** From which to which row the page needs them, in steps, so that a little scrolling changes nothing. */
  near() {
    if (this.shown.length <= MANY) return [0, this.shown.length];
    const first = Math.floor(this.list.scrollTop / ROW_PX / AROUND) * AROUND;
    const seen = Math.ceil(this.list.clientHeight / ROW_PX / AROUND) * AROUND;
    const from = Math.max(0, Math.min(first - AROUND, this.shown.length - seen));
    return [from, Math.min(this.shown.length, first + seen + 2 * AROUND)];
  }

  /** Scrolled: bring the rows that can be seen now. */
  follow() {
    const [from, to] = this.near();
    if (from === this.range[0] && to === this.range[1]) return;
    this.place();
    this.mark();
    this.tick();
    this.showMarks();
  }

  /** Keep rows that stay, so that focus and scrolling stay too; a row with the focus that leaves hands it to the list. */
  place() {
    this.range = this.near();
    const [from, to] = this.range;
    const near = this.shown.slice(from, to);
    const wanted = new Set(near.map((o) => o.id));
    const isLeft = !wanted.has(/** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.id ?? '') && this.list.contains(document.activeElement);
    for (const [id, row] of this.rows) if (!wanted.has(id)) { row.remove(); this.rows.delete(id); }
    for (const skeleton of this.list.querySelectorAll('.skeleton')) skeleton.remove();
    near.forEach((order, index) => {
      const row = this.rows.get(order.id) ?? this.make(order);
      this.fill(row, order);
      row.setAttribute('aria-posinset', String(from + index + 1));
      row.setAttribute('aria-setsize', String(this.shown.length));
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    });
    this.list.style.setProperty('--above', `${from * ROW_PX}px`);
    this.list.style.setProperty('--below', `${(this.shown.length - to) * ROW_PX}px`);
    this.list.style.overflowAnchor = near.length < this.shown.length ? 'none' : '';
    if (isLeft && near.length < this.shown.length) this.list.focus({ preventScroll: true });
    if (near.length) this.note();
  }

  /** Leave a mark in the browser's timeline when the first rows stand in the page. */
  note() {
    if (!this.isNoted) performance.mark('queue-shown');
    this.isNoted = true;
  }

  /** Let a row stand where it can be seen. @param {string|null} id @returns {HTMLElement|undefined} */
  reveal(id) {
    const index = this.places.get(id ?? '');
    if (index === undefined) return undefined;
    if (index < this.range[0] || index >= this.range[1]) {
      this.list.scrollTop = index * ROW_PX - this.list.clientHeight / 2;
      this.follow();
    }
    const row = this.rows.get(id ?? '');
    row?.scrollIntoView({ block: 'nearest' });
    return row;
  }

  /** @param {OrderRow} order */
  make(order) {
    const row = el('li.row', { role: 'option', id: `row-${order.id}`, data: { id: order.id }, tabindex: '-1', onclick: (/** @type {MouseEvent} */ event) => this.click(event, order.id) },
      el('span.shape', { 'aria-hidden': 'true' }), el('b.title'), el('span.address'), el('span.count.num', { data: { clock: order.id } }), el('span.state.num'), el('span.sr-only'));
    row.addEventListener('focus', () => this.store.select(order.id));
    this.rows.set(order.id, row);
    return row;
  }

  /** @param {HTMLElement} row @param {OrderRow} order */
  fill(row, order) {
    row.dataset.priority = String(order.priority);
    const [shape, title, address, , state] = /** @type {any} */ (row.children);
    setText(shape, SHAPES[order.priority] ?? '■');
    setText(title, `${word('fault', order.fault_kind)} · ${word('location', order.location)}`);
    setText(address, order.address);
    const step = ['offered', 'delivered', 'seen', 'en_route', 'working'].includes(order.assignment_state)
      ? word('assignment', order.assignment_state) : word('state', order.state);
    setText(state, order.technician_name ? `${order.technician_name} · ${order.assignment_state === 'planned' ? t('console.planned') : step}` : step);
    setText(row.children[5], word('priority', order.priority));
  }

  /** @param {number} all @param {number} shown */
  tell(all, shown) {
    const empty = byId('queue-empty');
    empty.hidden = shown > 0;
    setText(empty.children[0], t(all ? 'console.filter_empty' : 'console.queue_empty'));
    setText(empty.children[1], t(all ? 'console.filter_empty_hint' : 'console.queue_empty_hint'));
  }

  /** Show the countdowns of this second. */
  tick() {
    const now = this.store.clock.now();
    for (const [id, row] of this.rows) {
      const order = this.store.orders.get(id);
      if (!order) continue;
      const left = countdown(order.clock, now);
      setText(row.children[3], left.text);
      if (row.dataset.tone !== left.tone) row.dataset.tone = left.tone;
    }
  }

  mark() {
    const id = this.store.selectedId;
    let hasStop = false;
    for (const [key, row] of this.rows) {
      row.setAttribute('aria-selected', String(key === id));
      row.tabIndex = key === id ? 0 : -1;
      hasStop ||= key === id;
    }
    const first = /** @type {HTMLElement|null} */ (this.list.querySelector('.row'));
    if (!hasStop && first) first.tabIndex = 0;
  }

  /** Arrows, Home and End go along the whole queue, with Shift they mark; Enter opens. @param {KeyboardEvent} event */
  move(event) {
    const from = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.id ?? this.store.selectedId ?? '';
    if (event.key === 'Enter' && from) this.open(from);
    if (!(event.key in STEPS) || !this.shown.length) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(this.shown.length - 1, (this.places.get(from) ?? -1) + STEPS[event.key]));
    const { id } = this.shown[index];
    this.reveal(id)?.focus();
    if (event.shiftKey && from) for (const one of [from, id]) this.flipMark(one, true);
  }

  /** @param {KeyboardEvent} event */
  leaveSearch(event) {
    if (event.key === 'Escape') {
      this.search.value = '';
      this.query = '';
      this.draw();
      this.focus();
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') this.focus();
  }

  focus() {
    const row = this.reveal(this.store.selectedId) ?? /** @type {HTMLElement|null} */ (this.list.querySelector('.row'));
    (row ?? this.list).focus();
  }

  /** A click opens; with Ctrl it marks, with Shift it marks up to here; on the figure it opens the clock. @param {MouseEvent} event @param {string} id */
  click(event, id) {
    if (event.shiftKey && this.anchor) this.markRange(this.anchor, id);
    else if (event.ctrlKey || event.metaKey || event.shiftKey) this.flipMark(id);
    else if (/** @type {HTMLElement} */ (event.target).dataset.clock) this.store.dispatchEvent(new CustomEvent('clock', { detail: id }));
    else this.open(id);
  }

  /** @param {string} from @param {string} to */
  markRange(from, to) {
    const [first, last] = [this.places.get(from) ?? 0, this.places.get(to) ?? -1].sort((a, b) => a - b);
    for (const { id } of this.shown.slice(Math.max(0, first), last + 1)) this.marked.add(id);
    this.showMarks();
  }

  /** @param {string} id */
  open(id) {
    this.store.select(id);
    this.store.dispatchEvent(new CustomEvent('open', { detail: id }));
  }
}
