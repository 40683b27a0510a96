// @ts-check
// What lives on the map: the chosen way, orders, technicians, and leaks and breaches with their running figures, on a
// canvas of its own above whatever picture there is. The map's picture is drawn anew only when the camera moves.

import '/static/vendor/supercluster/supercluster.min.js';

import { el } from './dom.js';
import { onSquare } from './map_plain.js';
import { FONT, token } from './map_style.js';

/** @typedef {import('./map_plain.js').Place} Place */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{id: string, place: Place, icon: string, rank: number, label: string, isChosen?: boolean, isLoud?: boolean, wedge?: string, heading?: number|null, x?: number, y?: number, box?: number[]|null}} Item */
/** @typedef {{place: Place, count: number, radius: number, zoom: () => number, x?: number, y?: number}} Cluster */
/** @typedef {{id: string, layer: 'orders'|'technicians'}|{id: '', layer: 'cluster', at: [number, number], zoom: number}} Hit */

const REACH_PX = 16;
const MOST_LABELS = 80; // more than that would only hide each other
const NAMED_ZOOM = 13;
const HALO_PX = 3.6;
const LINE_PX = 14;
const AWAY_PX = 18; // from an order's middle to its label
const BELOW_PX = 21; // from a technician's middle to his label
const MARGIN_PX = 30;
const PIN_UP_PX = 16; // from the pin's point to its middle
const CLUSTERS = { radius: 34, extent: 512, maxZoom: 13 };
const EARTH = [-180, -85, 180, 85];
const family = FONT.map((name) => (name.includes(' ') ? `"${name}"` : name)).join(', ');
const sizeOf = (/** @type {number} */ count) => (count < 10 ? 13 : count < 40 ? 16 : 20);
const COLOURS = { ink: 'ink', leak: 'p1', ground: 'surface', edge: 'ink-3', way: 'brand' };

export class LiveLayer {
  /** @param {any} map MapLibre's or a plain view @param {HTMLElement} box where the canvas stands */
  constructor(map, box) {
    this.canvas = /** @type {HTMLCanvasElement} */ (el('canvas.live', { 'aria-hidden': 'true' }));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    /** @type {Map<string, HTMLCanvasElement>} */ this.sprites = new Map();
    /** Under orders, the last on top. @type {Item[]} */ this.crew = [];
    /** The last on top. @type {Item[]} */ this.orders = [];
    /** Orders that can wait, together where they are many. @type {any} */ this.index = null;
    /** @type {Item[]} */ this.calm = [];
    /** @type {Item[]} */ this.single = [];
    /** @type {Cluster[]} */ this.clusters = [];
    this.clusterZoom = -1;
    /** @type {Item[]} */ this.way = [];
    /** @type {Item|null} */ this.pin = null;
    /** @type {Map<string, number>} */ this.widths = new Map();
    this.forget();
    this.follow(map, box);
  }

  /** Stand above another picture from now on. @param {any} map @param {HTMLElement} box */
  follow(map, box) {
    this.map = map;
    box.append(this.canvas);
    map.on('move', () => this.draw());
    map.on('resize', () => { this.measure(); this.draw(); });
    this.measure();
  }

  measure() {
    const { clientWidth, clientHeight } = this.map.getContainer();
    this.size = [clientWidth, clientHeight];
    this.ratio = devicePixelRatio;
    this.canvas.width = clientWidth * this.ratio;
    this.canvas.height = clientHeight * this.ratio;
  }

  /** The colours have changed: paint every picture anew when it is needed. */
  forget() {
    this.sprites.clear();
    this.colours = Object.fromEntries(Object.entries(COLOURS).map(([name, code]) => [name, token(code)]));
  }

  /** @param {string} name @param {() => ImageData} paint */
  sprite(name, paint) {
    if (!this.sprites.has(name)) {
      const data = paint();
      const canvas = document.createElement('canvas');
      canvas.width = data.width;
      canvas.height = data.height;
      canvas.getContext('2d')?.putImageData(data, 0, 0);
      this.sprites.set(name, canvas);
    }
    return name;
  }

  /** @param {Item[]} crew the last on top */
  showCrew(crew) {
    this.crew = crew;
  }

  /** @param {Item[]} orders the last on top */
  showOrders(orders) {
    this.orders = orders;
  }

  /** @param {Item[]} calm orders that can wait */
  showCalm(calm) {
    const { Supercluster } = /** @type {any} */ (window);
    this.calm = calm;
    this.index = new Supercluster(CLUSTERS).load(calm.map((item, at) => ({ type: 'Feature', properties: { at }, geometry: { type: 'Point', coordinates: [item.place.lon, item.place.lat] } })));
    this.clusterZoom = -1;
  }

  /** @param {Place[]} places the chosen technician's way */
  showWay(places) {
    this.way = places.map((place) => ({ id: '', place, icon: '', rank: 0, label: '' }));
  }

  /** @param {Place|null} place of a report that is being taken @param {string} icon */
  showPin(place, icon) {
    this.pin = place && { id: '', place, icon, rank: 0, label: '' };
  }

  /** Which orders stand together depends on whole steps of the zoom alone. */
  cluster() {
    const zoom = Math.max(0, Math.floor(this.map.getZoom()));
    if (!this.index || zoom === this.clusterZoom) return;
    this.clusterZoom = zoom;
    const all = this.index.getClusters(EARTH, zoom);
    this.single = all.filter((/** @type {any} */ f) => !f.properties.cluster).map((/** @type {any} */ f) => this.calm[f.properties.at]);
    this.clusters = all.filter((/** @type {any} */ f) => f.properties.cluster).map((/** @type {any} */ f) => {
      const [lon, lat] = f.geometry.coordinates;
      const { point_count: count, cluster_id: id } = f.properties;
      return { place: { lon, lat }, count, radius: sizeOf(count), zoom: () => this.index.getClusterExpansionZoom(id) };
    });
  }

  /** Three places tell how the picture lies, for it is never tilted. @returns {(item: Item|Cluster) => void} */
  camera() {
    const { lng: lon, lat } = this.map.getCenter();
    const step = 45 / 2 ** this.map.getZoom();
    const [x0, y0] = onSquare({ lon, lat });
    const origin = this.map.project([lon, lat]);
    const east = this.map.project([lon + step, lat]);
    const north = this.map.project([lon, lat + step]);
    const dx = onSquare({ lon: lon + step, lat })[0] - x0;
    const dy = onSquare({ lon, lat: lat + step })[1] - y0;
    const [xx, yx, xy, yy] = [(east.x - origin.x) / dx, (east.y - origin.y) / dx, (north.x - origin.x) / dy, (north.y - origin.y) / dy];
    return (item) => {
      const [x, y] = onSquare(item.place);
      const [mx, my] = [x - x0 - Math.round(x - x0), y - y0];
      item.x = origin.x + mx * xx + my * xy;
      item.y = origin.y + mx * yx + my * yy;
    };
  }

  draw() {
    const { context: c } = this;
    const [width, height] = this.size ?? [0, 0];
    const put = this.camera();
    const isSeen = (/** @type {any} */ at) => at.x > -MARGIN_PX && at.y > -MARGIN_PX && at.x < width + MARGIN_PX && at.y < height + MARGIN_PX;
    c.setTransform(this.ratio ?? 1, 0, 0, this.ratio ?? 1, 0, 0);
    c.clearRect(0, 0, width, height);
    this.cluster();
    for (const item of [...this.way, ...this.clusters, ...this.single, ...this.crew, ...this.orders, ...(this.pin ? [this.pin] : [])]) put(item);
    const crew = this.crew.filter(isSeen);
    const orders = this.orders.filter(isSeen);
    this.path();
    for (const item of this.clusters.filter(isSeen)) this.heap(item);
    for (const item of this.single.filter(isSeen)) this.picture(item.icon, item);
    for (const item of crew) this.disc(item);
    for (const item of orders) this.picture(item.icon, item);
    this.name(crew, orders);
    if (this.pin) this.picture(this.pin.icon, { x: this.pin.x, y: (this.pin.y ?? 0) - PIN_UP_PX });
  }

  path() {
    if (this.way.length < 2) return;
    const { context: c } = this;
    c.beginPath();
    this.way.forEach(({ x = 0, y = 0 }, i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.lineJoin = c.lineCap = 'round';
    for (const [width, colour] of /** @type {[number, string][]} */ ([[8, this.colours.ground], [4, this.colours.way]])) {
      c.lineWidth = width;
      c.strokeStyle = colour;
      c.stroke();
    }
  }

  /** Orders that stand together, with their number. @param {Cluster} cluster */
  heap({ x = 0, y = 0, radius, count }) {
    const { context: c } = this;
    c.beginPath();
    c.arc(x, y, radius, 0, 7);
    c.fillStyle = this.colours.ground;
    c.fill();
    c.lineWidth = 2;
    c.strokeStyle = this.colours.edge;
    c.stroke();
    c.font = `12px ${family}`;
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillStyle = this.colours.ink;
    c.fillText(count < 1000 ? String(count) : `${(count / 1000).toFixed(1)}k`, x, y + 0.5);
  }

  /** @param {Item} item */
  disc(item) {
    if (item.wedge && item.heading != null) this.picture(item.wedge, item, ((item.heading - this.map.getBearing()) * Math.PI) / 180);
    if (item.isChosen) this.picture('ring', item);
    this.picture(item.icon, item);
  }

  /** @param {string} name @param {Item} item @param {number} [turn] radians */
  picture(name, { x = 0, y = 0 }, turn = 0) {
    const sprite = this.sprites.get(name);
    if (!sprite) return;
    const size = sprite.width / 2; // pictures are painted at twice their size
    if (!turn) { this.context.drawImage(sprite, x - size / 2, y - size / 2, size, size); return; }
    this.context.save();
    this.context.translate(x, y);
    this.context.rotate(turn);
    this.context.drawImage(sprite, -size / 2, -size / 2, size, size);
    this.context.restore();
  }

  /** Name what has room, the most urgent first. @param {Item[]} crew @param {Item[]} orders */
  name(crew, orders) {
    const { context: c } = this;
    /** @type {number[][]} */ const taken = [];
    const byRank = (/** @type {Item} */ a, /** @type {Item} */ b) => a.rank - b.rank;
    const isNamed = this.map.getZoom() >= NAMED_ZOOM;
    const { colours } = this;
    c.strokeStyle = colours.ground;
    c.lineWidth = HALO_PX;
    c.lineJoin = 'round';
    c.textBaseline = 'middle';
    c.textAlign = 'left';
    for (const item of [...this.crew, ...this.orders]) item.box = null;
    for (const item of orders.filter((o) => o.label).sort(byRank).slice(0, MOST_LABELS)) this.label(item, 12, item.isLoud ? colours.leak : colours.ink, taken);
    for (const item of crew.filter((o) => o.label && (isNamed || o.isChosen)).sort(byRank).slice(0, MOST_LABELS)) this.label(item, 11, colours.ink, taken, true);
  }

  /** Write a label beside, below or above its item, or not at all. @param {Item} item @param {number} px @param {string} colour @param {number[][]} taken boxes @param {boolean} [isBelow] */
  label(item, px, colour, taken, isBelow = false) {
    const { x = 0, y = 0, label } = item;
    this.context.font = `${px}px ${family}`;
    const width = this.width(label, px);
    const below = [x - width / 2, y + BELOW_PX];
    const spots = isBelow ? [below] : [[x + AWAY_PX, y], [x - AWAY_PX - width, y], [x - width / 2, y - BELOW_PX], below];
    const spot = spots.find(([left, middle]) => taken.every((box) => left > box[2] || left + width < box[0] || middle - LINE_PX / 2 > box[3] || middle + LINE_PX / 2 < box[1]));
    if (!spot) return;
    const [left, middle] = spot;
    item.box = [left, middle - LINE_PX / 2, left + width, middle + LINE_PX / 2];
    taken.push(item.box);
    this.context.strokeText(label, left, middle);
    this.context.fillStyle = colour;
    this.context.fillText(label, left, middle);
  }

  /** A figure that runs keeps its width. @param {string} label @param {number} px */
  width(label, px) {
    const key = `${px} ${label.replace(/\d/g, '0')}`;
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    const width = this.context.measureText(label.replace(/\d/g, '0')).width;
    if (this.widths.size > 500) this.widths.clear();
    this.widths.set(key, width);
    return width;
  }

  /** What stands at a point of the screen: a picture, else a label; orders before technicians. @param {Point} at @returns {Hit|null} */
  hit(at) {
    const isThere = (/** @type {any} */ item) => Math.hypot((item.x ?? Infinity) - at.x, (item.y ?? Infinity) - at.y) <= (item.radius ?? REACH_PX);
    const isNamed = (/** @type {Item} */ { box }) => box && at.x >= box[0] && at.y >= box[1] && at.x <= box[2] && at.y <= box[3];
    const order = this.orders.findLast(isThere);
    if (order) return { id: order.id, layer: 'orders' };
    const technician = this.crew.findLast(isThere);
    if (technician) return { id: technician.id, layer: 'technicians' };
    const calm = this.single.findLast(isThere) ?? this.orders.findLast(isNamed);
    if (calm) return { id: calm.id, layer: 'orders' };
    const named = this.crew.findLast(isNamed);
    if (named) return { id: named.id, layer: 'technicians' };
    const heap = this.clusters.findLast(isThere);
    return heap ? { id: '', layer: 'cluster', at: [heap.place.lon, heap.place.lat], zoom: heap.zoom() } : null;
  }
}
