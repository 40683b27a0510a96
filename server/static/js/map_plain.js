// @ts-check
// Where places lie on the screen before the map library is there, and in a browser that cannot draw the library's
// picture. Speaks the few words of MapLibre's map that the live layer and the page need.

/** @typedef {{lon: number, lat: number}} Place as the picture has it */
/** @typedef {{x: number, y: number}} Point of the screen, in pixels from the map's corner */
/** @typedef {[[number, number], [number, number]]} Bounds [west, south], [east, north] */

const WORLD_PX = 512; // the earth's width at zoom 0, as MapLibre has it
const ZOOMS = [1, 18];
const CLICK_PX = 4;
const STEP_PX = 80;
const WHEEL = 1 / 300;

/** Where a place lies on the whole earth's square, 0 to 1. @param {Place} place @returns {[number, number]} */
export function onSquare({ lon, lat }) {
  return [0.5 + lon / 360, 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];
}

/** @param {number} x @param {number} y on the earth's square @returns {{lng: number, lat: number}} */
function fromSquare(x, y) {
  return { lng: (x - 0.5) * 360, lat: (360 / Math.PI) * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - 90 };
}

const within = (/** @type {number} */ zoom) => Math.min(ZOOMS[1], Math.max(ZOOMS[0], zoom));

export class PlainView {
  /** @param {HTMLElement} box @param {[number, number]} center lon, lat as the picture has it */
  constructor(box, [lon, lat]) {
    this.box = box;
    this.zoom = 12;
    this.middle = onSquare({ lon, lat });
    /** @type {Map<string, ((event: any) => void)[]>} */ this.heard = new Map();
    this.listen();
  }

  getContainer() { return this.box; }

  getCanvas() { return this.box; }

  getBearing() { return 0; }

  getZoom() { return this.zoom; }

  getCenter() { return fromSquare(this.middle[0], this.middle[1]); }

  get side() { return WORLD_PX * 2 ** this.zoom; }

  /** @param {[number, number]} place lon, lat @returns {Point} */
  project([lon, lat]) {
    const [x, y] = onSquare({ lon, lat });
    return { x: this.box.clientWidth / 2 + (x - this.middle[0]) * this.side, y: this.box.clientHeight / 2 + (y - this.middle[1]) * this.side };
  }

  /** @param {Point} at */
  unproject(at) {
    return fromSquare(this.middle[0] + (at.x - this.box.clientWidth / 2) / this.side, this.middle[1] + (at.y - this.box.clientHeight / 2) / this.side);
  }

  getBounds() {
    const [high, low] = [this.unproject({ x: 0, y: 0 }), this.unproject({ x: this.box.clientWidth, y: this.box.clientHeight })];
    return { getWest: () => high.lng, getNorth: () => high.lat, getEast: () => low.lng, getSouth: () => low.lat };
  }

  /** @param {string} name @param {(event: any) => void} act */
  on(name, act) {
    this.heard.set(name, [...(this.heard.get(name) ?? []), act]);
  }

  /** @param {string} name @param {any} [event] */
  tell(name, event = {}) {
    for (const act of this.heard.get(name) ?? []) act(event);
  }

  moved() {
    this.tell('move');
    this.tell('moveend');
  }

  /** @param {Bounds} bounds @param {{padding: {top: number, right: number, bottom: number, left: number}, maxZoom: number}} how */
  fitBounds([[west, south], [east, north]], { padding: p, maxZoom }) {
    const [left, top] = onSquare({ lon: west, lat: north });
    const [right, bottom] = onSquare({ lon: east, lat: south });
    const room = (/** @type {number} */ px, /** @type {number} */ share) => Math.max(1, px) / Math.max(share, 1e-9);
    const side = Math.min(room(this.box.clientWidth - p.left - p.right, right - left), room(this.box.clientHeight - p.top - p.bottom, bottom - top));
    this.zoom = within(Math.min(maxZoom, Math.log2(side / WORLD_PX)));
    this.middle = [(left + right) / 2, (top + bottom) / 2];
    this.pan((p.right - p.left) / 2, (p.bottom - p.top) / 2);
  }

  /** @param {{center?: [number, number], zoom?: number, offset?: [number, number]}} to */
  easeTo({ center, zoom, offset = [0, 0] }) {
    this.zoom = within(zoom ?? this.zoom);
    const [x, y] = center ? onSquare({ lon: center[0], lat: center[1] }) : this.middle;
    this.middle = [x - offset[0] / this.side, y - offset[1] / this.side];
    this.moved();
  }

  /** Come closer or go away; what lies under the point stays there. @param {number} by @param {Point} [at] */
  zoomBy(by, at = { x: this.box.clientWidth / 2, y: this.box.clientHeight / 2 }) {
    const { lng, lat } = this.unproject(at);
    this.zoom = within(this.zoom + by);
    const there = this.project([lng, lat]);
    this.pan(there.x - at.x, there.y - at.y);
  }

  zoomIn() { this.zoomBy(1); }

  zoomOut() { this.zoomBy(-1); }

  /** @param {number} dx @param {number} dy pixels the camera goes */
  pan(dx, dy) {
    this.middle = [this.middle[0] + dx / this.side, this.middle[1] + dy / this.side];
    this.moved();
  }

  resize() {
    this.tell('resize');
  }

  listen() {
    const { box } = this;
    const at = (/** @type {MouseEvent} */ e) => { const r = box.getBoundingClientRect(); return { x: e.clientX - r.x, y: e.clientY - r.y }; };
    const event = (/** @type {MouseEvent} */ e) => ({ point: at(e), lngLat: this.unproject(at(e)) });
    /** @type {{x: number, y: number, way: number}|null} */ let held = null;
    box.addEventListener('pointerdown', (e) => { held = { x: e.clientX, y: e.clientY, way: 0 }; });
    box.addEventListener('pointermove', (e) => {
      if (!held || !e.buttons) { this.tell('mousemove', event(e)); return; }
      held.way += Math.hypot(e.clientX - held.x, e.clientY - held.y);
      if (held.way >= CLICK_PX) this.pan(held.x - e.clientX, held.y - e.clientY);
      Object.assign(held, { x: e.clientX, y: e.clientY });
    });
    box.addEventListener('click', (e) => { if (!held || held.way < CLICK_PX) this.tell('click', event(e)); });
    box.addEventListener('wheel', (e) => { e.preventDefault(); this.zoomBy(-e.deltaY * WHEEL, at(e)); }, { passive: false });
    box.addEventListener('keydown', (e) => this.press(e));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    /** @type {Record<string, () => void>} */
    const keys = {
      '+': () => this.zoomIn(), '=': () => this.zoomIn(), '-': () => this.zoomOut(), ArrowLeft: () => this.pan(-STEP_PX, 0),
      ArrowRight: () => this.pan(STEP_PX, 0), ArrowUp: () => this.pan(0, -STEP_PX), ArrowDown: () => this.pan(0, STEP_PX),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }
}
