// @ts-check
// The board: technicians by time. Bars tinted by priority, solid red for leaks, travel before them, now-line.

import { drawTables, walkTables } from './board_table.js';
import { byId, calmly, el, setText } from './dom.js';
import { clockTime, sinceMidnight, t, word } from './i18n.js';
import { SHAPES, isStale } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./store.js').TechnicianRow} TechnicianRow */
/** @typedef {import('./store.js').Stop} Stop */

const HOUR_MS = 3_600_000;
const BACK_MS = 1.25 * HOUR_MS;
const NEAR_MS = 4.75 * HOUR_MS;
const FAR_MS = 6.75 * HOUR_MS;
const WIDE_PX = 800;
const REDRAW_MS = 250;
const LINE_PX = 34; // as in console.css
const SCALE_PX = 28;
const MANY = 60; // of more technicians only those lines are in the page that can be seen, and some around them
const AROUND = 12;
const byName = new Intl.Collator('zh');
const ORDER = /** @type {Record<string, number>} */ ({ on_site: 0, en_route: 0, available: 1, offline: 2, off_shift: 3 });

/** How much room a bar's text needs, with shape and edges. @param {string} text */
const textPx = (text) => [...text].reduce((sum, c) => sum + (c > '\u2e80' ? 11.2 : 6.4), 28);

export class Board {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {HTMLElement} */ this.root = byId('board');
    this.scale = el('div.scale', { 'aria-hidden': 'true' });
    this.lines = el('div.lines', { role: 'grid', 'aria-label': t('console.board') });
    this.nowLine = el('div.now', { 'aria-hidden': 'true' }, el('b'));
    this.tables = el('div.tables', { hidden: true });
    this.toggle = el('button.quiet.twin', { data: { action: 'twin' }, 'aria-pressed': 'false', onclick: () => this.showTables(!this.isTable) });
    this.isTable = false;
    this.root.replaceChildren(this.toggle, this.scale, this.lines, this.nowLine, this.tables);
    this.nameToggle();
    this.tables.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => walkTables(event, this.tables));
    this.empty = el('p.empty', { hidden: true }, el('b', {}, t('console.board_empty')), el('span', {}, t('console.board_empty_hint')));
    this.root.append(this.empty);
    /** @type {TechnicianRow[]} */ this.people = [];
    /** Lines of this drawing, by technician. @type {Map<string, HTMLElement>} */ this.drawn = new Map();
    this.range = [0, 0];
    this.root.addEventListener('scroll', () => this.follow(), { passive: true });
    this.fromMs = 0;
    this.lines.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => this.move(event));
    this.aheadMs = NEAR_MS;
    this.trackPx = WIDE_PX;
    const later = calmly(this.root, () => this.draw(), REDRAW_MS);
    for (const name of ['technicians', 'orders', 'selection', 'resize']) store.addEventListener(name, later);
    addEventListener('resize', later);
  }

  /** Left edge and width of a span in per cent of the board. @param {number} startMs @param {number} endMs */
  span(startMs, endMs) {
    const all = BACK_MS + this.aheadMs;
    const left = Math.max(0, Math.min(100, ((startMs - this.fromMs) / all) * 100));
    const right = Math.max(0, Math.min(100, ((endMs - this.fromMs) / all) * 100));
    return { left, width: right - left };
  }

  /** The moment at a share of the track's width. @param {number} share 0 is the left edge */
  timeAt(share) {
    return this.fromMs + share * (BACK_MS + this.aheadMs);
  }

  nameToggle() {
    setText(this.toggle, t(this.isTable ? 'console.table.hide' : 'console.table.show'));
    this.toggle.setAttribute('aria-pressed', String(this.isTable));
  }

  /** Show the tables instead of the bars, or the bars again. @param {boolean} isTable */
  showTables(isTable) {
    this.isTable = isTable;
    for (const part of [this.scale, this.lines, this.nowLine]) part.hidden = isTable;
    this.tables.hidden = !isTable;
    this.nameToggle();
    this.draw();
  }

  /** @param {TechnicianRow[]} rows @param {number} now */
  drawTables(rows, now) {
    drawTables(this.tables, rows, now, {
      open: (id) => this.open(id), select: (id) => this.store.select(id),
      stateOf: (stop) => this.stateOf(stop),
    });
  }

  /** Where a stop stands, in words; whether the desk has locked it. @param {any} stop */
  stateOf(stop) {
    const order = this.store.orders.get(stop.work_order_id);
    const step = !order ? word('assignment', 'finished') : order.assignment_state === 'planned' ? t('console.planned') : word('assignment', order.assignment_state);
    return stop.is_kept ? `${step} · ${t('console.lock.mark')}` : step;
  }

  /** @param {string} id */
  open(id) {
    this.store.select(id);
    this.store.dispatchEvent(new CustomEvent('open', { detail: id }));
  }

  draw() {
    if (!this.store.isLoaded) return;
    const now = this.store.clock.now();
    this.trackPx = this.scale.clientWidth;
    this.aheadMs = this.trackPx > WIDE_PX ? FAR_MS : NEAR_MS;
    this.fromMs = Math.floor((now - BACK_MS) / 900_000) * 900_000;
    this.people = [...this.store.technicians.values()].filter((r) => r.state !== 'off_shift' || r.route.length)
      .sort((a, b) => Number(b.on_leak) - Number(a.on_leak) || ORDER[a.state] - ORDER[b.state] || byName.compare(a.name, b.name));
    this.empty.hidden = this.people.length > 0;
    this.drawn.clear();
    if (this.isTable) this.keepFocus(() => this.drawTables(this.people, now), this.tables); else this.placeLines(now);
    if (!this.isDrawn) performance.mark('board-shown');
    this.isDrawn = true;
    this.drawScale();
    this.tick();
  }

  /** Change what a part shows, and let the same stop have the focus again. @param {() => void} change @param {HTMLElement} part */
  keepFocus(change, part) {
    const at = /** @type {HTMLElement|null} */ (document.activeElement);
    const focused = this.root.contains(at) ? at?.dataset?.bar : undefined;
    change();
    if (focused && document.activeElement !== at) /** @type {HTMLElement|null} */ (part.querySelector(`[data-bar="${focused}"]`))?.focus({ preventScroll: true });
  }

  /** From which to which line the page needs them, in steps, so that a little scrolling changes nothing. */
  near() {
    if (this.people.length <= MANY) return [0, this.people.length];
    const first = Math.floor(Math.max(0, this.root.scrollTop - SCALE_PX) / LINE_PX / AROUND) * AROUND;
    const seen = Math.ceil(this.root.clientHeight / LINE_PX / AROUND) * AROUND;
    const from = Math.max(0, Math.min(first - AROUND, this.people.length - seen));
    return [from, Math.min(this.people.length, first + seen + 2 * AROUND)];
  }

  /** Put the lines in the page that can be seen; those of the same drawing stay. @param {number} now */
  placeLines(now) {
    this.range = this.near();
    const [from, to] = this.range;
    const near = this.people.slice(from, to).map((row) => {
      const line = this.drawn.get(row.id) ?? this.line(row, now);
      this.drawn.set(row.id, line);
      return line;
    });
    this.keepFocus(() => this.lines.replaceChildren(...near), this.lines);
    this.lines.style.paddingTop = `${from * LINE_PX}px`;
    this.lines.style.paddingBottom = `${(this.people.length - to) * LINE_PX}px`;
    this.nowLine.style.height = `${SCALE_PX + this.people.length * LINE_PX}px`;
  }

  /** Scrolled: bring the lines that can be seen now. */
  follow() {
    if (this.isTable || !this.isDrawn) return;
    const [from, to] = this.near();
    if (from !== this.range[0] || to !== this.range[1]) this.placeLines(this.store.clock.now());
  }

  /** The line of a technician by his place on the board, brought into the page. @param {number} index @returns {HTMLElement|undefined} */
  reach(index) {
    const row = this.people[index];
    if (row && (index < this.range[0] || index >= this.range[1])) {
      this.root.scrollTop = index * LINE_PX - this.root.clientHeight / 2;
      this.follow();
    }
    return row && this.drawn.get(row.id);
  }

  drawScale() {
    const first = this.fromMs - (sinceMidnight(this.fromMs) % HOUR_MS) + HOUR_MS;
    const marks = [];
    for (let at = first; at < this.fromMs + BACK_MS + this.aheadMs; at += HOUR_MS) {
      marks.push(el('span', { style: { left: `${this.span(at, at).left}%` }, data: { at: String(at) } }, clockTime(at)));
    }
    this.scale.replaceChildren(...marks);
  }

  /** @param {TechnicianRow} row @param {number} now */
  line(row, now) {
    const isChosen = row.id === this.store.technicianId;
    const state = row.on_leak ? t('console.on_leak') : t(`console.${row.state}`);
    const name = el('button.name', {
      tabindex: '-1', data: { state: row.state, leak: row.on_leak ? '1' : null, stale: isStale(row, now) ? '1' : null, bar: `t-${row.id}` },
      onclick: () => this.store.selectTechnician(isChosen ? null : row.id), 'aria-pressed': String(isChosen), title: row.skills.map((s) => word('skill', s)).join(' · '),
    }, el('i', { 'aria-hidden': 'true' }, row.initial), el('b', {}, row.name), el('small', {}, row.route.length ? `${state} · ${row.route.length}` : row.wait_at ? t('console.wait_at', { place: row.wait_at }) : state));
    const track = el('div.track', { role: 'gridcell' });
    this.shade(track, row);
    const stops = [...row.route].sort((a, b) => a.arrival_ms - b.arrival_ms);
    for (const stop of /** @type {any} */ (row).done ?? []) track.append(...this.actual(stop, row, now));
    let free = 0;
    for (const stop of stops) {
      this.window(track, stop);
      this.travel(track, stop, free, now);
      track.append(...this.actual(stop, row, now));
      free = stop.end_ms;
    }
    return el('div.tech', { role: 'row', data: { id: row.id, chosen: isChosen ? '1' : null } }, el('div', { role: 'rowheader' }, name), track);
  }

  /** Time outside the shift is hatched. @param {HTMLElement} track @param {TechnicianRow} row */
  shade(track, row) {
    const end = this.fromMs + BACK_MS + this.aheadMs;
    const parts = row.shift_start_ms == null ? [] : [[this.fromMs, row.shift_start_ms], [row.shift_end_ms ?? end, end]];
    for (const [from, to] of parts) {
      const { left, width } = this.span(Math.max(from, this.fromMs), Math.min(to, end));
      if (width > 0) track.append(el('i.off', { style: { left: `${left}%`, width: `${width}%` } }));
    }
  }

  /** A promised window as a bracket. @param {HTMLElement} track @param {Stop} stop */
  window(track, stop) {
    if (stop.window_start_ms == null || stop.window_end_ms == null) return;
    const { left, width } = this.span(stop.window_start_ms, stop.window_end_ms);
    if (width > 0) track.append(el('i.window', { style: { left: `${left}%`, width: `${width}%` }, data: { for: stop.work_order_id } }));
  }

  /** The way to a stop: from where the last ended, at most until the arrival. @param {HTMLElement} track @param {Stop} stop @param {number} free @param {number} now */
  travel(track, stop, free, now) {
    const start = Math.max(free, stop.arrival_ms - 1_800_000, this.fromMs);
    const order = this.store.orders.get(stop.work_order_id);
    if (stop.arrival_ms <= start || (order?.state === 'on_site' && stop.arrival_ms > now)) return;
    const { left, width } = this.span(start, stop.arrival_ms);
    if (width > 0) track.append(el('i.travel', { style: { left: `${left}%`, width: `${width}%` } }));
  }

  /** A bar and, where it came otherwise than planned, the plan's mark. @param {any} stop @param {TechnicianRow} row @param {number} now */
  actual(stop, row, now) {
    const bar = this.bar(stop, row, now);
    if (!stop.arrived_ms || !stop.planned_ms || Math.abs(stop.arrived_ms - stop.planned_ms) < 60_000) return [bar];
    const { left, width } = this.span(Math.min(stop.planned_ms, stop.arrived_ms), Math.max(stop.planned_ms, stop.arrived_ms));
    const kind = stop.arrived_ms > stop.planned_ms ? 'late' : 'early';
    return width > 0 ? [el('i.planned', { style: { left: `${left}%`, width: `${width}%` }, data: { kind }, title: `${t('console.table.plan')} ${clockTime(stop.planned_ms)} · ${t('console.table.actual')} ${clockTime(stop.arrived_ms)}` }), bar] : [bar];
  }

  /** @param {Stop} stop @param {TechnicianRow} row @param {number} now */
  bar(stop, row, now) {
    const { left, width } = this.span(stop.start_ms, Math.max(stop.end_ms, stop.start_ms + 300_000));
    const name = word('fault', stop.fault_kind);
    const hasRoom = (width / 100) * this.trackPx > textPx(name);
    const title = hasRoom ? `${SHAPES[stop.priority]} ${name}` : SHAPES[stop.priority];
    const times = `${clockTime(stop.start_ms)}–${clockTime(stop.end_ms)}`;
    const promised = stop.window_start_ms ? `, ${t('console.promised', { start: clockTime(stop.window_start_ms), end: clockTime(stop.window_end_ms) })}` : '';
    return el('button.bar', {
      tabindex: '-1', style: { left: `${left}%`, width: `max(6px, ${width}%)` }, hidden: width <= 0 && left >= 100,
      data: { priority: String(stop.priority), leak: stop.is_leak ? '1' : null, past: stop.end_ms < now ? '1' : null, kept: stop.is_kept ? '1' : null, planned: stop.locked ? null : '1', bar: stop.work_order_id, chosen: stop.work_order_id === this.store.selectedId ? '1' : null },
      'aria-label': `${row.name}, ${word('priority', stop.priority)}, ${word('fault', stop.fault_kind)}, ${stop.number}, ${times}${promised}${stop.is_kept ? `, ${t('console.lock.mark')}` : ''}`,
      title: `${stop.number} ${word('fault', stop.fault_kind)} ${times}${promised}${stop.is_kept ? ` · ${t('console.lock.mark')}` : ''}`,
      onclick: () => this.open(stop.work_order_id),
    }, title);
  }

  /** Move the now-line; hide the hour that its time would cover. */
  tick() {
    const now = this.store.clock.now();
    if (!this.fromMs) return;
    if (now - this.fromMs > BACK_MS + 1_800_000) { this.draw(); return; }
    const { left } = this.span(now, now);
    this.nowLine.style.setProperty('--at', String(left / 100));
    setText(this.nowLine.firstElementChild, clockTime(now));
    for (const mark of this.scale.children) mark.classList.toggle('hidden', Math.abs(Number(mark.dataset.at) - now) < 1_500_000);
  }

  /** Arrows: up and down between technicians, left and right along a row. @param {KeyboardEvent} event */
  move(event) {
    const at = /** @type {HTMLElement} */ (document.activeElement);
    const line = at?.closest('.tech');
    if (!line || !['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'].includes(event.key)) return;
    event.preventDefault();
    const cells = /** @type {HTMLElement[]} */ ([...line.querySelectorAll('button')]);
    const index = cells.indexOf(at);
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      const next = cells[Math.max(0, Math.min(cells.length - 1, index + (event.key === 'ArrowRight' ? 1 : -1)))];
      next.focus();
      if (next.classList.contains('bar')) this.store.select(next.dataset.bar ?? null);
      return;
    }
    const place = this.people.findIndex((row) => row.id === /** @type {HTMLElement} */ (line).dataset.id);
    const next = this.reach(place + (event.key === 'ArrowDown' ? 1 : -1));
    const there = next ? /** @type {HTMLElement[]} */ ([...next.querySelectorAll('button')]) : [];
    there[Math.min(index, there.length - 1)]?.focus();
  }

  focus() {
    const shown = this.isTable ? this.tables : this.lines;
    /** @type {HTMLElement|null} */ (shown.querySelector('button[data-chosen]') ?? shown.querySelector('button'))?.focus();
  }
}
