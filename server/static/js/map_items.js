// @ts-check
// What of the board stands on the map: rows become pictures with a place, and only what has changed is made anew.

import { toPicture } from './bases.js';
import { byId } from './dom.js';
import { t, word } from './i18n.js';
import { discImage, orderImage, pinImage, ringImage, wedgeImage } from './map_images.js';
import { countdown, isLate, isStale } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./store.js').OrderRow} OrderRow */
/** @typedef {import('./store.js').TechnicianRow} TechnicianRow */
/** @typedef {import('./map_live.js').Item} Item */

const MINUTE_MS = 60_000;
export const hasPlace = (/** @type {any} */ row) => row.lat != null && row.lon != null;
const isOnMap = (/** @type {TechnicianRow} */ row) => hasPlace(row) && row.state !== 'off_shift';
const place = (/** @type {any} */ row) => { const [lon, lat] = toPicture(row.lon, row.lat); return { lon, lat }; };
const urgentLast = (/** @type {Item} */ a, /** @type {Item} */ b) => b.rank - a.rank;

export class MapItems {
  /** @param {Store} store @param {import('./map_live.js').LiveLayer} live */
  constructor(store, live) {
    this.store = store;
    this.live = live;
    /** Who stands on the map. @type {Map<string, Item>} */ this.shown = new Map();
    this.calmKey = '';
    /** @type {OrderRow[]} */ this.hot = [];
    this.nextLateMs = Infinity;
  }

  /** The colours have changed: make everything anew. */
  forget() {
    this.calmKey = '';
    this.live.forget();
  }

  /** Put what has changed on the layer, and draw it. @param {Set<string>} wanted orders | technicians | moved */
  draw(wanted) {
    const now = this.store.clock.now();
    if (wanted.has('orders')) this.drawOrders(now);
    if (wanted.has('technicians')) this.drawTechnicians(now); else if (wanted.has('moved')) this.moveTechnicians(now);
    this.drawWay();
    this.live.draw();
  }

  /** Let the figures beside urgent orders run; who becomes late joins them. */
  tick() {
    const now = this.store.clock.now();
    if (now > this.nextLateMs) this.drawOrders(now); else this.drawHot(now);
    if (this.hot.length) this.live.draw();
  }

  /** @param {number} now */
  drawOrders(now) {
    const orders = [...this.store.orders.values()].filter(hasPlace);
    const isHot = (/** @type {OrderRow} */ o) => o.is_leak || o.id === this.store.selectedId || isLate(o, now);
    this.hot = orders.filter(isHot);
    const calm = orders.filter((o) => !isHot(o));
    this.nextLateMs = Math.min(...calm.map((o) => (o.clock?.paused ? Infinity : o.clock?.due_ms ?? Infinity)), Infinity);
    this.drawCalm(calm);
    this.drawHot(now);
    byId('map').dataset.orders = String(orders.length);
  }

  /** What stands together is counted anew only when something in it has changed. @param {OrderRow[]} calm */
  drawCalm(calm) {
    const key = calm.map((o) => `${o.id} ${o.priority} ${o.lat} ${o.lon}`).join();
    if (key === this.calmKey) return;
    this.calmKey = key;
    this.live.showCalm(calm.map((o) => ({ id: o.id, place: place(o), rank: o.priority, label: '', icon: this.order(o.priority, 'calm') })));
  }

  /** @param {number} now */
  drawHot(now) {
    this.live.showOrders(this.hot.map((o) => this.orderItem(o, now)).sort(urgentLast));
  }

  /** @param {number} now */
  drawTechnicians(now) {
    const crew = [...this.store.technicians.values()].filter(isOnMap);
    const items = crew.map((r) => this.technicianItem(r, now)).sort(urgentLast);
    this.shown = new Map(items.map((item) => [item.id, item]));
    this.store.moved.clear();
    this.live.showCrew(items);
    byId('map').dataset.technicians = String(crew.length);
  }

  /** Only who has moved since the last drawing is looked at. @param {number} now */
  moveTechnicians(now) {
    const rows = [...this.store.moved].flatMap((id) => this.store.technicians.get(id) ?? []);
    this.store.moved.clear();
    for (const row of rows) {
      const item = this.shown.get(row.id);
      if (item && isOnMap(row)) Object.assign(item, this.technicianItem(row, now));
    }
  }

  /** The chosen technician's way through his stops. */
  drawWay() {
    const row = this.store.technicians.get(this.store.technicianId ?? '');
    const stops = row?.route.filter(hasPlace).sort((a, b) => a.arrival_ms - b.arrival_ms) ?? [];
    this.live.showWay(row && hasPlace(row) ? [row, ...stops].map(place) : []);
  }

  /** The place of a report that is being taken. @param {{lat: number, lon: number}|null} pin */
  drawPin(pin) {
    this.live.showPin(pin && place(pin), this.live.sprite('pin', pinImage));
    this.live.draw();
  }

  /** @param {number} priority @param {string} tone */
  order(priority, tone) {
    return this.live.sprite(`order-${priority}-${tone}`, () => orderImage(priority, tone));
  }

  /** A leak, a breach or the chosen order, with its figure. @param {OrderRow} order @param {number} now @returns {Item} */
  orderItem(order, now) {
    const isChosen = order.id === this.store.selectedId;
    const left = countdown(order.clock, now);
    return {
      id: order.id, place: place(order), rank: isChosen ? 0 : order.priority, isLoud: order.priority === 1, label: `${word('fault', order.fault_kind)}${left.left === null ? '' : ` ${left.text}`}`,
      icon: this.order(order.priority, isChosen ? 'chosen' : isLate(order, now) ? 'late' : 'calm'),
    };
  }

  /** @param {TechnicianRow} row @param {number} now @returns {Item} */
  technicianItem(row, now) {
    const isMoving = row.state === 'en_route';
    const isOld = isStale(row, now);
    const tone = isOld ? 'stale' : row.on_leak ? 'leak' : row.state === 'available' ? 'free' : 'busy';
    const isChosen = row.id === this.store.technicianId;
    if (isChosen) this.live.sprite('ring', ringImage);
    const label = isOld && row.position_ms ? t('console.stale_age', { minutes: Math.round((now - row.position_ms) / MINUTE_MS) }) : isChosen ? row.name : '';
    return {
      id: row.id, place: place(row), isChosen, rank: isChosen ? 0 : row.on_leak ? 1 : 2, label,
      icon: this.live.sprite(`disc-${row.initial}-${tone}`, () => discImage(row.initial, tone)),
      wedge: this.live.sprite(`wedge-${tone}`, () => wedgeImage(tone)), heading: isMoving ? row.heading : null,
    };
  }
}
