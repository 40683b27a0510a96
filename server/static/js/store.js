// @ts-check
// The live board: rows by id, changes by sequence number; a gap reads the whole board again.

import { get } from './api.js';
import { ServerClock } from './server_clock.js';

/** @typedef {{kind: string, due_ms: number|null, paused: boolean, breached: boolean}} Clock */
/** @typedef {{id: string, number: string, ver: number, state: string, priority: number, fault_kind: string, is_leak: boolean, location: string, address: string, lat: number|null, lon: number|null, customer_name: string, window_start_ms: number|null, window_end_ms: number|null, technician_id: string|null, technician_name: string, assignment_state: string, planned_arrival_ms: number|null, opened_ms: number, clock: Clock|null, flags: string[], is_kept?: boolean, is_open: boolean}} OrderRow */
/** @typedef {{work_order_id: string, number: string, fault_kind: string, priority: number, is_leak: boolean, arrival_ms: number, start_ms: number, end_ms: number, window_start_ms: number|null, window_end_ms: number|null, locked: boolean, is_kept?: boolean, planned_ms?: number|null, arrived_ms?: number|null, lat: number|null, lon: number|null}} Stop */
/** @typedef {{id: string, name: string, name_en?: string, initial: string, state: string, on_leak: boolean, lat: number|null, lon: number|null, heading: number|null, position_ms: number|null, shift_start_ms: number|null, shift_end_ms: number|null, skills: string[], route: Stop[], done?: Stop[], wait_at: string, phone: {online: boolean, last_seen_ms: number|null, unsent: number}}} TechnicianRow */
/** @typedef {{open_leaks: number, longest_wait_s: number, phones_online: number, phones_total: number, promises_at_risk: number}} Summary */
/** @typedef {{south: number, west: number, north: number, east: number}} View degrees, WGS-84 */

const REFRESH_MS = 30_000;

export class Store extends EventTarget {
  constructor() {
    super();
    this.clock = new ServerClock();
    this.gen = '';
    this.cursor = 0;
    /** @type {Map<string, OrderRow>} */ this.orders = new Map();
    /** @type {Map<string, TechnicianRow>} */ this.technicians = new Map();
    /** @type {Summary|null} */ this.summary = null;
    this.summaryAt = 0;
    /** @type {any} */ this.plan = null;
    this.line = 'wait';
    this.isLoaded = false;
    /** @type {string|null} */ this.selectedId = null;
    /** @type {string|null} */ this.technicianId = null;
    /** @type {Promise<void>|null} */ this.reading = null;
    /** @type {Promise<any>|null} */ this.early = null;
    /** @type {Set<string>} */ this.dirty = new Set();
    /** Who has moved and is not drawn yet. @type {Set<string>} */ this.moved = new Set();
    /** @type {View|null} */ this.view = null;
  }

  /** Tell the views once per frame what has changed. @param {string} what */
  touch(what) {
    if (!this.dirty.size) setTimeout(() => this.flush(), document.hidden ? 500 : 60);
    this.dirty.add(what);
  }

  flush() {
    const what = this.dirty;
    this.dirty = new Set();
    for (const name of what) this.dispatchEvent(new CustomEvent(name));
  }

  /** Ask for the board while the page is still being put together. */
  hasten() {
    this.early = get('/api/v1/board');
    this.early.catch(() => {}); // whoever reads it is told
  }

  /** Read the whole board; calls made while one is under way share it. */
  reload() {
    this.reading ??= this.read().finally(() => { this.reading = null; });
    return this.reading;
  }

  async read() {
    const asked = this.early ?? get('/api/v1/board');
    this.early = null;
    const board = await asked;
    const isSame = this.gen === board.gen;
    if (this.gen && !isSame) this.clock.reset();
    Object.assign(this, { gen: board.gen, cursor: board.cursor, summary: board.summary, summaryAt: board.at_ms, plan: board.plan, isLoaded: true });
    this.clock.observe(board.at_ms);
    this.orders = new Map(board.orders.map((/** @type {OrderRow} */ o) => [o.id, o]));
    this.technicians = new Map(board.technicians.map((/** @type {TechnicianRow} */ r) => [r.id, isSame ? this.newestPlace(r) : r]));
    for (const name of ['orders', 'technicians', 'summary', 'plan', 'detail']) this.touch(name);
  }

  /** Apply a `board` message. @param {{gen: string, cursor: number, at_ms: number, leaks?: OrderRow[], changes: any[], technicians: TechnicianRow[], summary: Summary|null, plan?: any}} message */
  apply(message) {
    this.clock.observe(message.at_ms);
    if (message.leaks) this.warn(message.gen, message.leaks);
    if (this.reading || !this.isLoaded) {
      void (this.reading ?? this.reload()).then(() => message.cursor > this.cursor && this.reload()).catch(() => {});
      return;
    }
    const fresh = message.changes.filter((c) => c.seq > this.cursor);
    if (message.gen !== this.gen || (fresh.length && fresh[0].seq !== this.cursor + 1)) {
      void this.reload().catch(() => {});
      return;
    }
    for (const change of fresh) this.take(change);
    for (const row of message.technicians ?? []) this.technicians.set(row.id, this.newestPlace(row));
    this.takeRoutes(message.technicians ?? []);
    this.cursor = Math.max(this.cursor, message.cursor);
    if (message.summary) Object.assign(this, { summary: message.summary, summaryAt: message.at_ms });
    if (message.plan) this.takePlan(message.plan);
    for (const name of ['orders', 'technicians', 'summary']) this.touch(name);
  }

  /** Leaks come ahead of everything else and are shown at once; in their turn they come again. @param {string} gen @param {OrderRow[]} leaks */
  warn(gen, leaks) {
    if (!this.isLoaded || gen !== this.gen) return;
    for (const row of leaks) if ((this.orders.get(row.id)?.ver ?? -1) < row.ver) this.orders.set(row.id, row);
    this.touch('orders');
    this.flush();
  }

  /** @param {any} plan the plan's line */
  takePlan(plan) {
    this.plan = plan;
    this.touch('plan');
  }

  /** @param {any} change */
  take(change) {
    if (change.order?.is_open) this.orders.set(change.order.id, change.order);
    else if (change.order) this.orders.delete(change.order.id);
    if (change.work_order_id === this.selectedId) this.touch('detail');
    this.dispatchEvent(new CustomEvent('change', { detail: change }));
  }

  /** A plan that changed tells routes, not orders: who waits learns from them who will come. @param {TechnicianRow[]} rows */
  takeRoutes(rows) {
    const ids = new Set(rows.map((row) => row.id));
    const stops = new Map(rows.flatMap((row) => row.route.filter((stop) => !stop.locked).map((stop) => /** @type {const} */ ([stop.work_order_id, { row, stop }]))));
    for (const order of this.orders.values()) {
      const found = stops.get(order.id);
      if (order.assignment_state && order.assignment_state !== 'planned') continue;
      if (found) this.takePlanned(order, { technician_id: found.row.id, technician_name: found.row.name, assignment_state: 'planned', planned_arrival_ms: found.stop.arrival_ms });
      else if (order.technician_id && ids.has(order.technician_id)) this.takePlanned(order, { technician_id: null, technician_name: '', assignment_state: '', planned_arrival_ms: null });
    }
  }

  /** Take what the plan says of an order; who looks at it reads the reasons too. @param {OrderRow} order @param {Partial<OrderRow>} planned */
  takePlanned(order, planned) {
    const isSame = order.technician_id === planned.technician_id && order.planned_arrival_ms === planned.planned_arrival_ms;
    this.orders.set(order.id, { ...order, ...planned });
    if (!isSame && order.id === this.selectedId) this.touch('detail');
  }

  /** A row read earlier may be older than the positions heard since. @param {TechnicianRow} row */
  newestPlace(row) {
    const known = this.technicians.get(row.id);
    if (!known || (known.position_ms ?? 0) <= (row.position_ms ?? 0)) return row;
    return { ...row, lat: known.lat, lon: known.lon, heading: known.heading, position_ms: known.position_ms };
  }

  /** @param {{at_ms: number, items: [string, number, number, number|null, number][]}} message */
  move(message) {
    this.clock.observe(message.at_ms);
    for (const [id, lat, lon, heading, at] of message.items) {
      const row = this.technicians.get(id);
      if (!row) continue;
      row.lat = lat;
      row.lon = lon;
      row.heading = heading;
      row.position_ms = at;
      this.moved.add(id);
    }
    this.touch('positions');
  }

  /** What the map shows (WGS-84); unknown while there is no map. @param {View} view */
  lookAt(view) {
    this.view = view;
    this.touch('look');
  }

  /** @param {string|null} id */
  select(id) {
    if (this.selectedId === id) return;
    this.selectedId = id;
    this.technicianId = id ? this.orders.get(id)?.technician_id ?? null : null;
    this.touch('selection');
  }

  /** Show one technician's route. @param {string|null} id */
  selectTechnician(id) {
    this.technicianId = id;
    this.touch('selection');
  }

  /** @param {string} state up | wait | down */
  setLine(state) {
    this.line = state;
    this.touch('line');
  }

  /** Rows change with time alone (a clock falls due, a phone falls silent): look again now and then. */
  keepFresh() {
    setInterval(() => { if (!document.hidden && this.line === 'up') void this.reload().catch(() => {}); }, REFRESH_MS);
  }
}
