// @ts-check
// The map: first where everybody is, on a plain ground that needs no library; then the streets under it.

import { get } from './api.js';
import { chosenBase, fromPicture, rememberBase, toPicture, useBase } from './bases.js';
import { byId, el } from './dom.js';
import { language, t } from './i18n.js';
import { MapItems, hasPlace } from './map_items.js';
import { LiveLayer } from './map_live.js';
import { PlainView } from './map_plain.js';
import { joinRoads, makeStyle } from './map_style.js';
import { MapTools } from './map_tools.js';

/** @typedef {import('./store.js').Store} Store */

const PAUSE_MS = 500;
const AFTER_PAINT_MS = 100; // what the queue shows of a change is painted before the map begins to draw
/** The rest of the page does not wait for the largest library. */
const library = import('/static/vendor/maplibre-gl/maplibre-gl.mjs');
/** What is drawn anew when something has changed. @type {Record<string, string[]>} */
const PARTS = { orders: ['orders'], technicians: ['technicians'], positions: ['moved'], selection: ['orders', 'technicians'] };
const ALL = ['orders', 'technicians'];
const TOOLS = ['tool-coverage', 'tool-area', 'tool-measure'];
const FITTED = { padding: { top: 92, right: 72, bottom: 56, left: 56 }, maxZoom: 15 }; // the alarm's bar and the buttons cover nobody
const NOTHING = { type: 'FeatureCollection', features: [] };
/** Fulfilled when the browser has painted what was drawn before. */
const painted = () => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); setTimeout(resolve, AFTER_PAINT_MS); });

export class LiveMap {
  /** @param {Store} store @param {{center: [number, number]}} branch */
  constructor(store, branch) {
    this.store = store;
    this.branch = branch;
    this.wasFitted = false;
    this.drawnAt = 0;
    /** MapLibre's, once it is there. @type {any} */ this.map = null;
    /** What tells where places lie: MapLibre's map, before it a plain view. @type {any} */ this.view = null;
    /** @type {MapItems|null} */ this.items = null;
    /** @type {Set<string>} */ this.parts = new Set();
    /** @type {((place: {lat: number, lon: number}) => void)|null} */ this.onPlace = null;
    /** @type {{lat: number, lon: number}|null} */ this.pin = null;
    this.tools = new MapTools(this, store);
    /** Fulfilled when the map can be drawn on. @type {Promise<void>} */
    this.dressed = new Promise((resolve) => { this.tellDressed = resolve; });
  }

  /** Show where everybody is, then the streets; without WebGL the page says so and goes on without these. */
  async open() {
    const { layers, bases } = await get('/api/v1/basemap').catch(() => ({ layers: [], bases: [] }));
    this.layers = new Set(layers);
    this.bases = bases;
    this.base = chosenBase(bases);
    useBase(this.base);
    this.openPlain();
    this.credit();
    this.listen();
    if (!this.store.isLoaded) await this.store.reload().catch(() => {}); // the page tells of it
    this.draw();
    await painted();
    performance.mark('map-shown');
    this.tools.wire();
    await this.openStreets();
  }

  openPlain() {
    const box = byId('map-plain');
    this.view = new PlainView(box, toPicture(this.branch.center[1], this.branch.center[0]));
    this.live = new LiveLayer(this.view, box);
    this.items = new MapItems(this.store, this.live);
    this.hear();
  }

  /** The library comes where the plain view was, with the same camera. */
  async openStreets() {
    const { pmtiles } = /** @type {any} */ (window);
    const maplibre = /** @type {any} */ (await library);
    maplibre.addProtocol('pmtiles', new pmtiles.Protocol().tile);
    const hasRoads = this.base?.kind === 'geojson' && this.layers?.has('road');
    this.roads = hasRoads ? joinRoads(await get('/api/v1/basemap/road.geojson')) : NOTHING;
    try {
      this.map = new maplibre.Map({
        container: 'map', style: makeStyle(this.layers ?? new Set(), this.base ?? null), center: this.view.getCenter(), zoom: this.view.getZoom(),
        attributionControl: false,
        dragRotate: false, pitchWithRotate: false, fadeDuration: 0, maxZoom: 18, keyboard: true,
      });
    } catch {
      this.fail();
      return;
    }
    this.map.touchZoomRotate.disableRotation();
    this.map.touchPitch.disable();
    this.map.keyboard.disableRotation();
    this.map.on('style.load', () => this.dress());
    this.map.once('idle', () => performance.mark('map-drawn'));
    this.view = this.map;
    this.live?.follow(this.map, this.map.getCanvasContainer());
    byId('map-plain').remove();
    this.hear();
    this.live?.draw();
  }

  /** Credit whose map it is; with more than one there is a choice. */
  credit() {
    const box = byId('map-credit');
    const name = (/** @type {any} */ base) => (language() === 'en' && base.name_en) || base.name;
    const choice = el('select', { 'aria-label': t('console.basemap'), onchange: () => this.change(choice.value) },
      ...this.bases.map((/** @type {any} */ base) => el('option', { value: base.id, selected: base.id === this.base?.id }, name(base))));
    box.replaceChildren(...(this.bases.length > 1 ? [choice] : []), el('span', {}, this.base?.attribution ?? ''));
    box.hidden = this.bases.length < 2 && !this.base?.attribution;
  }

  /** Show another base map; a page of its own loads what it needs. @param {string} id */
  change(id) {
    rememberBase(id);
    location.reload();
  }

  /** Say that there are no streets; what is laid over them cannot be drawn either. */
  fail() {
    const note = byId('map-empty');
    note.hidden = false;
    note.textContent = t('console.no_webgl');
    for (const id of TOOLS) /** @type {HTMLButtonElement} */ (byId(id)).disabled = true;
    byId('map').hidden = true;
  }

  /** Hear what is done to the picture. */
  hear() {
    this.view.on('click', (/** @type {any} */ event) => this.click(event));
    this.view.on('mousemove', (/** @type {any} */ event) => this.hover(event));
    this.view.on('moveend', () => this.tellView());
  }

  listen() {
    for (const [name, parts] of Object.entries(PARTS)) this.store.addEventListener(name, () => this.later(parts));
    byId('zoom-in').addEventListener('click', () => this.view.zoomIn());
    byId('zoom-out').addEventListener('click', () => this.view.zoomOut());
    byId('fit').addEventListener('click', () => this.fit());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.later(ALL); });
  }

  /** Say which part of the world is looked at: who moves there is heard of at once. */
  tellView() {
    const bounds = this.view.getBounds();
    const [west, south] = fromPicture(bounds.getWest(), bounds.getSouth());
    const [east, north] = fromPicture(bounds.getEast(), bounds.getNorth());
    const isWhole = west < -180 || east > 180; // across the date line, or the whole earth
    this.store.lookAt({ south: Math.max(-90, south), west: isWhole ? -180 : west, north: Math.min(90, north), east: isWhole ? 180 : east });
  }

  /** Put our own sources and layers on a fresh style, and everything else in its colours. */
  dress() {
    this.map.getSource('road')?.setData(this.roads);
    this.tools.dress();
    this.recolour();
    this.tellDressed?.();
    this.tellView();
  }

  recolour() {
    this.items?.forget();
    this.draw();
    if (this.pin) this.items?.drawPin(this.pin);
  }

  /** Draw at once, but at most twice a second, and not at all while nobody looks. @param {string[]} parts */
  later(parts) {
    for (const part of parts) this.parts.add(part);
    if (this.waiting || !this.items || document.hidden) return;
    const pause = Math.max(AFTER_PAINT_MS, PAUSE_MS - (performance.now() - this.drawnAt));
    this.waiting = setTimeout(() => { this.waiting = undefined; this.draw(this.parts); }, pause);
  }

  /** Draw what has changed. @param {Iterable<string>} parts */
  draw(parts = ALL) {
    const wanted = new Set(parts);
    this.parts = new Set();
    this.drawnAt = performance.now();
    if (!this.wasFitted && this.store.isLoaded) {
      this.wasFitted = true;
      this.fit(0);
    }
    this.items?.draw(wanted);
  }

  tick() {
    if (!document.hidden) this.items?.tick();
  }

  /** @param {any} event */
  click(event) {
    if (!this.onPlace && this.tools.click(event.lngLat)) return;
    const hit = this.live?.hit(event.point);
    if (this.onPlace && hit?.layer !== 'cluster') {
      const [lon, lat] = fromPicture(event.lngLat.lng, event.lngLat.lat);
      this.onPlace({ lat, lon });
    } else if (hit?.layer === 'cluster') {
      this.view.easeTo({ center: hit.at, zoom: Math.max(hit.zoom, this.view.getZoom() + 1) });
    } else if (hit?.layer === 'technicians') {
      this.store.selectTechnician(hit.id);
    } else if (hit) {
      this.store.select(hit.id);
      this.store.dispatchEvent(new CustomEvent('open', { detail: hit.id }));
    } else {
      this.tools.open(event.point);
    }
  }

  /** @param {any} event */
  hover(event) {
    this.view.getCanvas().style.cursor = this.onPlace ? 'crosshair' : this.live?.hit(event.point) ? 'pointer' : '';
  }

  /** Show everything that has a place. @param {number} [duration] milliseconds */
  fit(duration = 300) {
    const bounds = this.bounds();
    if (bounds) this.view.fitBounds(bounds, { ...FITTED, duration });
  }

  /** What the map would have to show to show everything. @returns {import('./map_plain.js').Bounds|null} */
  bounds() {
    const rows = [...this.store.orders.values(), ...[...this.store.technicians.values()].filter((r) => r.state !== 'off_shift')];
    const places = rows.filter(hasPlace).map((row) => toPicture(/** @type {number} */ (row.lon), /** @type {number} */ (row.lat)));
    if (!places.length) return null;
    const most = (/** @type {(...n: number[]) => number} */ pick, /** @type {0|1} */ i) => places.reduce((best, p) => pick(best, p[i]), places[0][i]);
    return [[most(Math.min, 0), most(Math.min, 1)], [most(Math.max, 0), most(Math.max, 1)]];
  }

  /** Bring a place into view without moving more than needed. @param {{lat: number|null, lon: number|null}} row @param {number} [zoom] */
  show(row, zoom) {
    if (!this.view || !hasPlace(row)) return;
    const place = toPicture(/** @type {number} */ (row.lon), /** @type {number} */ (row.lat));
    const at = this.view.project(place);
    const { clientWidth: w, clientHeight: h } = this.view.getContainer();
    if (zoom || at.x < 40 || at.y < 96 || at.x > w - 60 || at.y > h - 40) {
      this.view.easeTo({ center: place, offset: [0, 24], ...(zoom ? { zoom: Math.max(zoom, this.view.getZoom()) } : {}), duration: 300 });
    }
  }

  /** @param {{lat: number, lon: number}|null} place */
  setPin(place) {
    this.pin = place;
    this.items?.drawPin(place);
  }

  /** Change to the other palette: style and pictures anew. */
  restyle() {
    if (this.map) this.map.setStyle(makeStyle(this.layers ?? new Set(), this.base ?? null), { diff: false });
    else this.recolour();
  }

  resize() {
    this.view?.resize();
  }
}
