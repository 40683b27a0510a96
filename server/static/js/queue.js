// @ts-check
// The queue: filters, search, one row per open order, its countdown; arrows move, Enter opens.

import { byId, el, rove, setText } from './dom.js';
import { t, word } from './i18n.js';
import { SHAPES, byUrgency, countdown, isLate, isUnassigned } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./store.js').OrderRow} OrderRow */

export class Queue {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.filter = 'all';
    this.query = '';
    /** @type {Map<string, HTMLElement>} */ this.rows = new Map();
    /** @type {HTMLElement} */ this.list = byId('rows');
    /** @type {HTMLInputElement} */ this.search = byId('search');
    this.list.addEventListener('keydown', (event) => this.move(event));
    /** @type {Set<number>} */ this.priorities = new Set();
    /** @type {Set<string>} */ this.marked = new Set();
    /** @type {string|null} */ this.anchor = null;
    this.search.addEventListener('input', () => { this.query = this.search.value.trim().toLowerCase(); this.draw(); });
    this.search.addEventListener('keydown', (event) => this.leaveSearch(event));
    this.makeFilters();
    store.addEventListener('orders', () => this.draw());
    store.addEventListener('selection', () => this.mark());
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

  /** @param {OrderRow} order @param {string} filter */
  passes(order, filter) {
    if (filter === 'leaks') return order.is_leak;
    if (filter === 'late') return isLate(order, this.store.clock.now());
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
    for (const chip of byId('filters').children) {
      const count = all.filter((o) => this.passes(o, chip.dataset.filter)).length;
      setText(chip.querySelector('b'), String(count));
      chip.classList.toggle('hot', count > 0 && chip.dataset.filter === 'late');
    }
    const shown = all.filter((o) => this.passes(o, this.filter) && this.matches(o)).sort(byUrgency);
    this.place(shown);
    this.tell(all.length, shown.length);
    this.mark();
    this.tick();
    for (const id of this.marked) if (!this.store.orders.has(id)) this.marked.delete(id);
    this.showMarks();
  }

  /** Keep rows that stay, so that focus and scrolling stay too. @param {OrderRow[]} shown */
  place(shown) {
    const wanted = new Set(shown.map((o) => o.id));
    for (const [id, row] of this.rows) if (!wanted.has(id)) { row.remove(); this.rows.delete(id); }
    for (const skeleton of this.list.querySelectorAll('.skeleton')) skeleton.remove();
    shown.forEach((order, index) => {
      const row = this.rows.get(order.id) ?? this.make(order);
      this.fill(row, order);
      if (this.list.children[index] !== row) this.list.insertBefore(row, this.list.children[index] ?? null);
    });
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
    if (id) this.rows.get(id)?.scrollIntoView({ block: 'nearest' });
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const rows = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll('.row')]);
    const from = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.id;
    const next = rove(event, rows);
    if (next && event.shiftKey && from) for (const id of [from, next.dataset.id ?? '']) this.flipMark(id, true);
    if (next) return;
    if (event.key === 'Enter' && document.activeElement instanceof HTMLElement) this.open(document.activeElement.dataset.id ?? '');
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
    const row = /** @type {HTMLElement|null} */ (this.list.querySelector('.row[tabindex="0"]') ?? this.list.querySelector('.row'));
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
    const ids = [...this.list.querySelectorAll('.row')].map((row) => /** @type {HTMLElement} */ (row).dataset.id ?? '');
    const [first, last] = [ids.indexOf(from), ids.indexOf(to)].sort((a, b) => a - b);
    for (const id of ids.slice(Math.max(0, first), last + 1)) this.marked.add(id);
    this.showMarks();
  }

  /** @param {string} id */
  open(id) {
    this.store.select(id);
    this.store.dispatchEvent(new CustomEvent('open', { detail: id }));
  }
}
