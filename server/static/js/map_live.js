// @ts-check
// What lives on the map: technicians, and leaks and breaches with their running figures, on a canvas of its own. The map's
// own picture is drawn anew only when the camera or the orders change, not with every batch of positions.

import { el } from './dom.js';
import { FONT, token } from './map_style.js';

/** @typedef {{lon: number, lat: number}} Place as the picture has it */
/** @typedef {{id: string, place: Place, icon: string, rank: number, label: string, isChosen?: boolean, isLoud?: boolean, wedge?: string, heading?: number|null, x?: number, y?: number}} Item */

const REACH_PX = 16;
const MOST_LABELS = 80; // more than that would only hide each other
const NAMED_ZOOM = 13;
const HALO_PX = 3.6;
const LINE_PX = 14;
const AWAY_PX = 18; // from an order's middle to its label
const BELOW_PX = 21; // from a technician's middle to his label
const MARGIN_PX = 30;
const family = FONT.map((name) => (name.includes(' ') ? `"${name}"` : name)).join(', ');

/** Where a place lies on the whole earth's square, 0 to 1. @param {Place} place @returns {[number, number]} */
function onSquare({ lon, lat }) {
  return [0.5 + lon / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];
}

export class LiveLayer {
  /** @param {any} map MapLibre's */
  constructor(map) {
    this.map = map;
    this.canvas = /** @type {HTMLCanvasElement} */ (el('canvas.live', { 'aria-hidden': 'true' }));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext('2d'));
    /** @type {Map<string, HTMLCanvasElement>} */ this.sprites = new Map();
    /** Under orders, the last on top. @type {Item[]} */ this.crew = [];
    /** The last on top. @type {Item[]} */ this.orders = [];
    /** @type {Map<string, number>} */ this.widths = new Map();
    map.getCanvasContainer().append(this.canvas);
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

  /** Three places tell how the picture lies, for it is never tilted. @returns {(item: Item) => void} */
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
    for (const item of [...this.crew, ...this.orders]) put(item);
    const crew = this.crew.filter(isSeen);
    const orders = this.orders.filter(isSeen);
    for (const item of crew) this.disc(item);
    for (const item of orders) this.picture(item.icon, item);
    this.name(crew, orders);
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
    const colours = { ink: token('ink'), leak: token('p1') };
    c.strokeStyle = token('surface');
    c.lineWidth = HALO_PX;
    c.lineJoin = 'round';
    c.textBaseline = 'middle';
    c.textAlign = 'left';
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
    taken.push([left, middle - LINE_PX / 2, left + width, middle + LINE_PX / 2]);
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

  /** What stands at a point of the screen, orders before technicians. @param {{x: number, y: number}} at @returns {{id: string, layer: 'urgent'|'technicians'}|null} */
  hit(at) {
    const isThere = (/** @type {Item} */ item) => Math.hypot((item.x ?? Infinity) - at.x, (item.y ?? Infinity) - at.y) <= REACH_PX;
    const order = this.orders.findLast(isThere);
    const technician = order ? undefined : this.crew.findLast(isThere);
    if (order) return { id: order.id, layer: 'urgent' };
    return technician ? { id: technician.id, layer: 'technicians' } : null;
  }
}
