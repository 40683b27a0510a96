// @ts-check
// The live map: orders by shape and colour, technicians as directed discs, the chosen technician's route.

import { get } from './api.js';
import { chosenBase, fromPicture, rememberBase, toPicture, useBase } from './bases.js';
import { byId, el } from './dom.js';
import { language, t, word } from './i18n.js';
import { discImage, orderImage, pinImage, ringImage, wedgeImage } from './map_images.js';
import { LiveLayer } from './map_live.js';
import { FONT, joinRoads, makeStyle, token } from './map_style.js';
import { MapTools } from './map_tools.js';
import { countdown, isLate, isStale } from './sla.js';

/** @typedef {import('./store.js').Store} Store */
/** @typedef {import('./store.js').OrderRow} OrderRow */
/** @typedef {import('./store.js').TechnicianRow} TechnicianRow */

const PAUSE_MS = 500;
const AFTER_PAINT_MS = 100; // what the queue shows of a change is painted before the map begins to draw
/** The rest of the page does not wait for the largest library. @type {any} */ let maplibre;
const library = import('/static/vendor/maplibre-gl/maplibre-gl.mjs');
/** What is drawn anew when something has changed. @type {Record<string, string[]>} */
const PARTS = { orders: ['orders'], technicians: ['technicians'], positions: ['moved'], selection: ['orders', 'technicians'] };
const ALL = ['orders', 'technicians'];
const point = (/** @type {any} */ row, /** @type {any} */ properties) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: toPicture(row.lon, row.lat) }, properties });
const collect = (/** @type {any[]} */ features) => ({ type: 'FeatureCollection', features });
const FITTED = { padding: 56, maxZoom: 15 };
const place = (/** @type {any} */ row) => { const [lon, lat] = toPicture(row.lon, row.lat); return { lon, lat }; };
const hasPlace = (/** @type {any} */ row) => row.lat != null && row.lon != null;
const isOnMap = (/** @type {TechnicianRow} */ row) => hasPlace(row) && row.state !== 'off_shift';

export class LiveMap {
  /** @param {Store} store @param {{center: [number, number]}} branch */
  constructor(store, branch) {
    this.store = store;
    this.branch = branch;
    this.isReady = false;
    this.wasFitted = false;
    this.drawnAt = 0;
    /** @type {Set<string>} */ this.parts = new Set();
    /** Who stands on the map. @type {Map<string, import('./map_live.js').Item>} */ this.shown = new Map();
    /** @type {LiveLayer|null} */ this.live = null;
    this.ordersKey = '';
    /** @type {OrderRow[]} */ this.hot = [];
    this.routeKey = '';
    this.nextLateMs = Infinity;
    /** @type {((place: {lat: number, lon: number}) => void)|null} */ this.onPlace = null;
    /** @type {{lat: number, lon: number}|null} */ this.pin = null;
    /** @type {Set<string>} */ this.images = new Set();
    this.tools = new MapTools(this, store);
    /** Fulfilled when the map can be drawn on. @type {Promise<void>} */
    this.dressed = new Promise((resolve) => { this.tellDressed = resolve; });
  }

  /** Open the map; without WebGL the page says so and goes on. */
  async open() {
    const { layers, bases } = await get('/api/v1/basemap').catch(() => ({ layers: [], bases: [] }));
    this.layers = new Set(layers);
    this.bases = bases;
    this.base = chosenBase(bases);
    useBase(this.base);
    const pmtiles = /** @type {any} */ (window).pmtiles;
    maplibre = await library;
    maplibre.addProtocol('pmtiles', new pmtiles.Protocol().tile);
    this.roads = this.base?.kind === 'geojson' && this.layers.has('road') ? joinRoads(await get('/api/v1/basemap/road.geojson')) : collect([]);
    try {
      this.map = new maplibre.Map({
        container: 'map', style: makeStyle(this.layers, this.base), ...this.camera(),
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
    this.credit();
    this.live = new LiveLayer(this.map);
    this.map.on('style.load', () => this.dress());
    this.map.on('click', (/** @type {any} */ event) => this.click(event));
    this.map.on('mousemove', (/** @type {any} */ event) => this.hover(event));
    this.listen();
    this.tools.wire();
  }

  /** Where the map begins: with all that has a place, if the board is here already. */
  camera() {
    const bounds = this.bounds();
    this.wasFitted = !bounds.isEmpty();
    if (this.wasFitted) return { bounds, fitBoundsOptions: FITTED };
    return { center: toPicture(this.branch.center[1], this.branch.center[0]), zoom: 12 };
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

  fail() {
    const note = byId('map-empty');
    note.hidden = false;
    note.textContent = t('console.no_webgl');
  }

  listen() {
    for (const [name, parts] of Object.entries(PARTS)) this.store.addEventListener(name, () => this.later(parts));
    this.map.on('moveend', () => this.tellView());
    byId('zoom-in').addEventListener('click', () => this.map.zoomIn());
    byId('zoom-out').addEventListener('click', () => this.map.zoomOut());
    byId('fit').addEventListener('click', () => this.fit());
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.later(ALL); });
  }

  /** Say which part of the world is looked at: who moves there is heard of at once. */
  tellView() {
    const bounds = this.map.getBounds();
    const [west, south] = fromPicture(bounds.getWest(), bounds.getSouth());
    const [east, north] = fromPicture(bounds.getEast(), bounds.getNorth());
    const isWhole = west < -180 || east > 180; // across the date line, or the whole earth
    this.store.lookAt({ south: Math.max(-90, south), west: isWhole ? -180 : west, north: Math.min(90, north), east: isWhole ? 180 : east });
  }

  /** Put our own sources and layers on a fresh style. */
  dress() {
    this.images.clear();
    const { map } = this;
    map.getSource('road')?.setData(this.roads);
    for (const name of ['route', 'pin']) map.addSource(name, { type: 'geojson', data: collect([]) });
    map.addSource('orders', { type: 'geojson', data: collect([]), cluster: true, clusterRadius: 34, clusterMaxZoom: 13 });
    this.routeKey = this.ordersKey = '';
    this.live?.forget();
    this.live?.sprite('ring', ringImage);
    this.image('pin', pinImage);
    for (const layer of this.ownLayers()) map.addLayer(layer);
    this.tools.dress();
    this.isReady = true;
    this.tellDressed?.();
    this.draw();
    this.drawPin();
    this.tellView();
    this.note();
  }

  /** Leave a mark in the browser's timeline when the first technicians and orders stand on the screen. */
  note() {
    const isDrawn = () => this.shown.size > 0 && this.map.getSource('orders') && this.map.isSourceLoaded('orders');
    const look = () => { if (isDrawn()) { this.map.off('render', look); performance.mark('map-drawn'); } };
    this.map.on('render', look);
  }

  ownLayers() {
    const icon = { 'icon-image': ['get', 'icon'], 'icon-allow-overlap': true, 'icon-ignore-placement': false };
    return [
      { id: 'route-casing', type: 'line', source: 'route', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': token('surface'), 'line-width': 8, 'line-opacity': 0.9 } },
      { id: 'route', type: 'line', source: 'route', layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': token('brand'), 'line-width': 4 } },
      { id: 'clusters', type: 'circle', source: 'orders', filter: ['has', 'point_count'], paint: { 'circle-color': token('surface'), 'circle-radius': ['step', ['get', 'point_count'], 13, 10, 16, 40, 20], 'circle-stroke-width': 2, 'circle-stroke-color': token('ink-3') } },
      { id: 'cluster-count', type: 'symbol', source: 'orders', filter: ['has', 'point_count'], layout: { 'text-field': ['get', 'point_count_abbreviated'], 'text-font': FONT, 'text-size': 12, 'text-allow-overlap': true }, paint: { 'text-color': token('ink') } },
      { id: 'orders', type: 'symbol', source: 'orders', filter: ['!', ['has', 'point_count']], layout: { ...icon } },
      { id: 'pin', type: 'symbol', source: 'pin', layout: { 'icon-image': 'pin', 'icon-anchor': 'bottom', 'icon-allow-overlap': true } },
    ];
  }

  /** Keep an image by its name; it is painted when it is first needed. @param {string} name @param {() => ImageData} paint */
  image(name, paint) {
    if (this.images.has(name)) return name;
    if (this.map.hasImage(name)) this.map.removeImage(name);
    this.map.addImage(name, paint(), { pixelRatio: 2 });
    this.images.add(name);
    return name;
  }

  /** Draw at once, but at most twice a second, and not at all while nobody looks. @param {string[]} parts */
  later(parts) {
    for (const part of parts) this.parts.add(part);
    if (this.waiting || !this.isReady || document.hidden) return;
    const pause = Math.max(AFTER_PAINT_MS, PAUSE_MS - (performance.now() - this.drawnAt));
    this.waiting = setTimeout(() => { this.waiting = undefined; this.draw(this.parts); }, pause);
  }

  /** Draw what has changed; each source is touched only when something in it did. @param {Iterable<string>} parts */
  draw(parts = ALL) {
    if (!this.isReady) return;
    const wanted = new Set(parts);
    this.parts = new Set();
    this.drawnAt = performance.now();
    const now = this.store.clock.now();
    if (wanted.has('orders')) this.drawOrders(now);
    if (wanted.has('technicians')) this.drawTechnicians(now); else if (wanted.has('moved')) this.moveTechnicians(now);
    if (!this.wasFitted && this.store.isLoaded) {
      this.wasFitted = true;
      this.fit(0);
    }
    this.drawRoute();
    this.live?.draw();
  }

  /** Let the figures beside urgent orders run; who becomes late joins them. */
  tick() {
    if (!this.isReady || document.hidden) return;
    const now = this.store.clock.now();
    if (now > this.nextLateMs) this.drawOrders(now); else this.drawHot(now);
    if (this.hot.length) this.live?.draw();
  }

  /** @param {number} now */
  drawOrders(now) {
    const orders = [...this.store.orders.values()].filter(hasPlace);
    const isHot = (/** @type {OrderRow} */ o) => o.is_leak || o.id === this.store.selectedId || isLate(o, now);
    this.hot = orders.filter(isHot);
    const calm = orders.filter((o) => !isHot(o));
    this.nextLateMs = Math.min(...calm.map((o) => (o.clock?.paused ? Infinity : o.clock?.due_ms ?? Infinity)), Infinity);
    this.drawCalm(calm.map((o) => this.orderFeature(o, now)));
    this.drawHot(now);
    byId('map').dataset.orders = String(orders.length);
  }

  /** Clusters are made anew only when what they are made of has changed. @param {any[]} features */
  drawCalm(features) {
    const key = features.map((f) => `${f.properties.id} ${f.properties.icon} ${f.geometry.coordinates}`).join();
    if (key === this.ordersKey) return;
    this.ordersKey = key;
    this.map.getSource('orders').setData(collect(features));
  }

  /** @param {number} now */
  drawHot(now) {
    const items = this.hot.map((o) => this.orderItem(o, now));
    this.live?.showOrders(items.sort((a, b) => b.rank - a.rank));
  }

  /** @param {number} now */
  drawTechnicians(now) {
    const crew = [...this.store.technicians.values()].filter(isOnMap);
    const items = crew.map((r) => this.technicianItem(r, now)).sort((a, b) => b.rank - a.rank);
    this.shown = new Map(items.map((item) => [item.id, item]));
    this.store.moved.clear();
    this.live?.showCrew(items);
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

  drawRoute() {
    const line = this.route();
    const key = JSON.stringify(line);
    if (key === this.routeKey) return;
    this.routeKey = key;
    this.map.getSource('route').setData(line);
  }

  /** @param {OrderRow} order @param {number} now */
  orderFeature(order, now) {
    const tone = isLate(order, now) ? 'late' : 'calm';
    return point(order, { id: order.id, icon: this.image(`order-${order.priority}-${tone}`, () => orderImage(order.priority, tone)) });
  }

  /** A leak, a breach or the chosen order, with its figure. @param {OrderRow} order @param {number} now */
  orderItem(order, now) {
    const isChosen = order.id === this.store.selectedId;
    const tone = isChosen ? 'chosen' : isLate(order, now) ? 'late' : 'calm';
    const left = countdown(order.clock, now);
    return {
      id: order.id, place: place(order), rank: isChosen ? 0 : order.priority, isLoud: order.priority === 1, label: `${word('fault', order.fault_kind)}${left.left === null ? '' : ` ${left.text}`}`,
      icon: this.sprite(`order-${order.priority}-${tone}`, () => orderImage(order.priority, tone)),
    };
  }

  /** @param {string} name @param {() => ImageData} paint */
  sprite(name, paint) {
    return this.live?.sprite(name, paint) ?? name;
  }

  /** @param {TechnicianRow} row @param {number} now */
  technicianItem(row, now) {
    const isMoving = row.state === 'en_route';
    const isOld = isStale(row, now);
    const tone = isOld ? 'stale' : row.on_leak ? 'leak' : row.state === 'available' ? 'free' : 'busy';
    const isChosen = row.id === this.store.technicianId;
    const label = isOld && row.position_ms ? t('console.stale_age', { minutes: Math.round((now - row.position_ms) / 60_000) }) : isChosen ? row.name : '';
    return {
      id: row.id, place: place(row), isChosen, rank: isChosen ? 0 : row.on_leak ? 1 : 2, label,
      icon: this.sprite(`disc-${row.initial}-${tone}`, () => discImage(row.initial, tone)),
      wedge: this.sprite(`wedge-${tone}`, () => wedgeImage(tone)), heading: isMoving ? row.heading : null,
    };
  }

  /** The chosen technician's way through his stops. */
  route() {
    const row = this.store.technicians.get(this.store.technicianId ?? '');
    if (!row || !hasPlace(row)) return collect([]);
    const stops = row.route.filter(hasPlace).sort((a, b) => a.arrival_ms - b.arrival_ms);
    const coordinates = [row, ...stops].map((s) => toPicture(s.lon, s.lat));
    if (coordinates.length < 2) return collect([]);
    return collect([{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } }]);
  }

  /** @param {any} event */
  click(event) {
    if (!this.onPlace && this.tools.click(event.lngLat)) return;
    const hit = this.hit(event.point);
    if (this.onPlace && !hit?.cluster) {
      const [lon, lat] = fromPicture(event.lngLat.lng, event.lngLat.lat);
      this.onPlace({ lat, lon });
    } else if (hit?.cluster) {
      this.map.easeTo({ center: hit.at, zoom: this.map.getZoom() + 2 });
    } else if (hit?.layer === 'technicians') {
      this.store.selectTechnician(hit.id);
    } else if (hit) {
      this.store.select(hit.id);
      this.store.dispatchEvent(new CustomEvent('open', { detail: hit.id }));
    } else {
      this.tools.open(event.point);
    }
  }

  /** @param {any} at screen point */
  hit(at) {
    if (!this.isReady) return null;
    const living = this.live?.hit(at);
    if (living) return { ...living, cluster: false, at: null };
    const box = [[at.x - 5, at.y - 5], [at.x + 5, at.y + 5]];
    const [found] = this.map.queryRenderedFeatures(box, { layers: ['orders', 'clusters'] });
    if (!found) return null;
    return { id: found.properties.id, layer: found.layer.id, cluster: found.layer.id === 'clusters', at: found.geometry.coordinates };
  }

  /** @param {any} event */
  hover(event) {
    this.map.getCanvas().style.cursor = this.onPlace ? 'crosshair' : this.hit(event.point) ? 'pointer' : '';
  }

  /** Show everything that has a place. @param {number} [duration] milliseconds */
  fit(duration = 300) {
    const bounds = this.bounds();
    if (bounds.isEmpty()) return;
    this.map.fitBounds(bounds, { ...FITTED, duration });
  }

  /** What the map would have to show to show everything. */
  bounds() {
    const bounds = new maplibre.LngLatBounds();
    const rows = [...this.store.orders.values(), ...[...this.store.technicians.values()].filter((r) => r.state !== 'off_shift')];
    for (const row of rows) if (hasPlace(row)) bounds.extend(toPicture(row.lon, row.lat));
    return bounds;
  }

  /** Bring a place into view without moving more than needed. @param {{lat: number|null, lon: number|null}} row @param {number} [zoom] */
  show(row, zoom) {
    if (!this.isReady || !hasPlace(row)) return;
    const place = toPicture(/** @type {number} */ (row.lon), /** @type {number} */ (row.lat));
    const at = this.map.project(place);
    const { clientWidth: w, clientHeight: h } = byId('map');
    if (zoom || at.x < 40 || at.y < 96 || at.x > w - 60 || at.y > h - 40) {
      this.map.easeTo({ center: place, offset: [0, 24], ...(zoom ? { zoom: Math.max(zoom, this.map.getZoom()) } : {}), duration: 300 });
    }
  }

  /** @param {{lat: number, lon: number}|null} place */
  setPin(place) {
    this.pin = place;
    if (this.isReady) this.drawPin();
  }

  drawPin() {
    this.map.getSource('pin').setData(collect(this.pin ? [point(this.pin, {})] : []));
  }

  /** Change to the other palette: style and images anew. */
  restyle() {
    if (!this.map) return;
    this.isReady = false;
    this.map.setStyle(makeStyle(this.layers ?? new Set(), this.base ?? null), { diff: false });
  }

  resize() {
    this.map?.resize();
  }
}
