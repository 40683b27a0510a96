// @ts-check
// What is laid over the map on demand: coverage, areas that are drawn, distances, odour reports that belong together.

import { get, post } from './api.js';
import { fromPicture, toPicture } from './bases.js';
import { byId, el, toast, toastError } from './dom.js';
import { fullTime, language, t } from './i18n.js';
import { FONT, token } from './map_style.js';

const FRESH_MS = 60_000;
const STEPS = [10, 20, 30, 45]; // minutes, as in the legend
const SHADES = ['#2166AC', '#67A9CF', '#FDDBC7', '#EF8A62', '#B2182B']; // blue to red, told apart by the colour-blind
const EARTH_M = 6_371_008.8;
const collect = (/** @type {any[]} */ features) => ({ type: 'FeatureCollection', features });
const shape = (/** @type {string} */ type, /** @type {any} */ coordinates, /** @type {any} */ properties = {}) => ({ type: 'Feature', geometry: { type, coordinates }, properties });
const rad = (/** @type {number} */ degrees) => (degrees * Math.PI) / 180;

/** Metres between two places given as [lon, lat]. @param {number[]} a @param {number[]} b */
export function apart(a, b) {
  const h = Math.sin(rad(b[1] - a[1]) / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(rad(b[0] - a[0]) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
}

export class MapTools {
  /** @param {import('./map.js').LiveMap} map @param {import('./store.js').Store} store */
  constructor(map, store) {
    this.live = map;
    this.store = store;
    this.isCovering = false;
    /** @type {number[][]|null} */ this.path = null;
    /** @type {any} */ this.draw = null;
    /** @type {any[]} */ this.areas = [];
    /** @type {any[]} */ this.clusters = [];
    /** @type {any} */ this.cells = null;
  }

  get map() {
    return this.live.map;
  }

  /** Sources and layers for a fresh style; below orders and technicians. */
  dress() {
    const { map } = this;
    for (const name of ['coverage', 'areas', 'odours', 'measure']) map.addSource(name, { type: 'geojson', data: collect([]) });
    const label = { 'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12 };
    const ink = { 'text-color': token('ink'), 'text-halo-color': token('surface'), 'text-halo-width': 1.8 };
    const layers = [
      { id: 'coverage', type: 'fill', source: 'coverage', paint: { 'fill-color': ['get', 'shade'], 'fill-opacity': 0.34, 'fill-antialias': false } },
      { id: 'area-fill', type: 'fill', source: 'areas', paint: { 'fill-color': ['match', ['get', 'kind'], 'service', token('brand'), 'planned', token('p2'), token('p1')], 'fill-opacity': ['match', ['get', 'kind'], 'service', 0.05, 0.16] } },
      { id: 'area-line', type: 'line', source: 'areas', paint: { 'line-color': ['match', ['get', 'kind'], 'service', token('brand'), 'planned', token('p2'), token('p1')], 'line-width': 2, 'line-dasharray': [3, 2] } },
      { id: 'area-name', type: 'symbol', source: 'areas', layout: { ...label, 'text-padding': 4 }, paint: ink },
      { id: 'odour-ring', type: 'circle', source: 'odours', paint: { 'circle-radius': ['interpolate', ['exponential', 2], ['zoom'], 10, 14, 14, 34, 17, 260], 'circle-color': token('p1'), 'circle-opacity': 0.12, 'circle-stroke-color': token('p1'), 'circle-stroke-width': 2 } },
      { id: 'odour-name', type: 'symbol', source: 'odours', layout: { ...label, 'text-anchor': 'bottom', 'text-offset': [0, -2.4], 'text-size': 13, 'text-allow-overlap': true }, paint: { ...ink, 'text-color': token('p1') } },
      { id: 'measure-line', type: 'line', source: 'measure', filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': token('ink'), 'line-width': 2.5, 'line-dasharray': [2, 1.5] } },
      { id: 'measure-dot', type: 'circle', source: 'measure', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 4, 'circle-color': token('ink'), 'circle-stroke-color': token('surface'), 'circle-stroke-width': 2 } },
      { id: 'measure-name', type: 'symbol', source: 'measure', filter: ['has', 'label'], layout: { ...label, 'text-anchor': 'left', 'text-offset': [0.9, 0], 'text-size': 13, 'text-allow-overlap': true }, paint: ink },
    ];
    for (const layer of layers) map.addLayer(layer);
    this.paint();
  }

  /** Buttons in the map's corner, and what keeps the layers fresh. */
  wire() {
    byId('tool-coverage').addEventListener('click', () => void this.toggleCoverage());
    byId('tool-measure').addEventListener('click', () => this.toggleMeasure());
    byId('tool-area').addEventListener('click', () => void this.drawArea());
    setInterval(() => { if (!document.hidden) void this.refresh(); }, FRESH_MS);
    this.store.addEventListener('odours', () => void this.refresh());
    void this.refresh();
  }

  async refresh() {
    const [areas, odours] = await Promise.all([get('/api/v1/areas').catch(() => null), get('/api/v1/odours').catch(() => null)]);
    if (areas) this.areas = areas.items;
    if (odours) this.clusters = odours.items;
    if (this.isCovering) this.cells = await get('/api/v1/coverage').catch(() => this.cells);
    this.paint();
  }

  paint() {
    if (!this.map?.getSource('areas')) return;
    const ring = (/** @type {number[][]} */ points) => [[...points, points[0]].map(([lon, lat]) => toPicture(lon, lat))];
    this.map.getSource('areas').setData(collect(this.areas.map((area) => shape('Polygon', ring(area.ring), { id: area.id, kind: area.kind, label: area.kind === 'service' ? area.name : t('console.area.label', { name: area.name, count: area.customers }) }))));
    this.map.getSource('odours').setData(collect(this.clusters.map((c) => shape('Point', toPicture(c.lon, c.lat), { label: t('console.odours.label', { homes: c.homes }) }))));
    this.map.getSource('coverage').setData(collect(this.isCovering ? this.squares() : []));
    this.map.getSource('measure').setData(collect(this.measured()));
    byId('map').dataset.areas = String(this.areas.length);
    byId('map').dataset.clusters = String(this.clusters.length);
  }

  squares() {
    const half = (this.cells?.step ?? 0) / 2;
    return (this.cells?.cells ?? []).map((/** @type {any} */ c) => {
      const at = STEPS.findIndex((step) => c.minutes !== null && c.minutes <= step);
      const corner = (/** @type {number} */ x, /** @type {number} */ y) => toPicture(c.lon + x * half, c.lat + y * half);
      return shape('Polygon', [[corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), corner(-1, -1)]], { shade: SHADES[at < 0 ? SHADES.length - 1 : at] });
    });
  }

  async toggleCoverage() {
    this.isCovering = !this.isCovering;
    byId('tool-coverage').setAttribute('aria-pressed', String(this.isCovering));
    const legend = byId('map-legend');
    legend.hidden = !this.isCovering;
    if (this.isCovering) {
      legend.replaceChildren(el('p', {}, t('console.coverage.loading')));
      try {
        this.cells = await get('/api/v1/coverage');
        legend.replaceChildren(...this.legend());
      } catch (error) { toastError(error); }
    }
    this.paint();
  }

  legend() {
    if (!this.cells.technicians) return [el('p', {}, t('console.coverage.nobody'))];
    const box = (/** @type {number} */ i) => (i < STEPS.length ? t('console.coverage.to', { minutes: STEPS[i] }) : t('console.coverage.more', { minutes: STEPS[STEPS.length - 1] }));
    return [el('p', {}, t('console.coverage.title', { count: this.cells.technicians })),
      el('ul', {}, ...SHADES.map((shade, i) => { const mark = el('i', { 'aria-hidden': 'true' }); mark.style.background = shade; return el('li', {}, mark, box(i)); }))];
  }

  toggleMeasure() {
    this.path = this.path ? null : [];
    byId('tool-measure').setAttribute('aria-pressed', String(this.path !== null));
    if (this.path) toast(t('console.measure.hint'));
    this.paint();
  }

  /** A click on the map while measuring. @param {{lng: number, lat: number}} at @returns {boolean} whether it was ours */
  click(at) {
    if (this.draw) return true;
    if (!this.path) return false;
    this.path.push(fromPicture(at.lng, at.lat));
    this.paint();
    return true;
  }

  measured() {
    if (!this.path?.length) return [];
    let sum = 0;
    const path = this.path;
    const dots = path.map((p, i) => {
      if (i) sum += apart(path[i - 1], p);
      const text = sum < 1000 ? `${Math.round(sum)} m` : `${(sum / 1000).toFixed(2)} km`;
      return shape('Point', toPicture(p[0], p[1]), i ? { label: text } : {});
    });
    return [...dots, ...(path.length > 1 ? [shape('LineString', path.map((p) => toPicture(p[0], p[1])))] : [])];
  }

  /** Draw an area by clicks, then name it; Esc gives up. The button says when the map listens. */
  async drawArea() {
    if (this.draw) { this.endDrawing(); return; }
    const button = byId('tool-area');
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    try {
      const [{ TerraDraw, TerraDrawPolygonMode }, { TerraDrawMapLibreGLAdapter }] = await Promise.all([import('terra-draw'), import('/static/vendor/terra-draw-maplibre-gl-adapter/terra-draw-maplibre-gl-adapter.module.js'), this.live.dressed]);
      this.draw = new TerraDraw({ adapter: new TerraDrawMapLibreGLAdapter({ map: this.map, coordinatePrecision: 7 }), modes: [new TerraDrawPolygonMode()] });
      this.draw.start();
      this.draw.setMode('polygon');
      this.draw.on('finish', () => this.finishArea());
      button.setAttribute('aria-pressed', 'true');
      toast(t('console.area.hint'));
    } catch (error) { toastError(error); } finally { button.ariaBusy = null; }
  }

  finishArea() {
    const [drawn] = this.draw.getSnapshot().filter((/** @type {any} */ f) => f.geometry.type === 'Polygon');
    const ring = drawn.geometry.coordinates[0].slice(0, -1).map((/** @type {number[]} */ p) => fromPicture(p[0], p[1]));
    this.endDrawing();
    this.ask({ kind: 'emergency', name: '', note: '', ring, from_ms: Math.round(this.store.clock.now()), until_ms: null, ver: 0 });
  }

  endDrawing() {
    this.draw?.stop();
    this.draw = null;
    byId('tool-area').setAttribute('aria-pressed', 'false');
  }

  /** Open the area at a point of the screen, if there is one. @param {any} at @returns {boolean} */
  open(at) {
    if (!this.map?.getLayer('area-fill') || this.path || this.draw) return false;
    const [found] = this.map.queryRenderedFeatures([[at.x - 2, at.y - 2], [at.x + 2, at.y + 2]], { layers: ['area-name', 'area-line'] });
    const area = this.areas.find((one) => one.id === found?.properties.id);
    if (area) this.ask(area);
    return Boolean(area);
  }

  /** Ask for name, kind and times of an area. @param {any} area */
  ask(area) {
    const dialog = /** @type {HTMLDialogElement} */ (el('dialog.dialog.area', { 'aria-label': t('console.area.title') }));
    const name = /** @type {HTMLInputElement} */ (el('input', { name: 'area_name', required: true, maxlength: '80', value: area.name }));
    const kind = /** @type {HTMLSelectElement} */ (el('select', { name: 'area_kind' }, ...['emergency', 'planned', 'service'].map((code) => el('option', { value: code, selected: code === area.kind }, t(`console.area.kind_${code}`)))));
    const hours = /** @type {HTMLInputElement} */ (el('input', { name: 'area_hours', type: 'number', min: '0', max: '720', value: area.until_ms ? String(Math.max(1, Math.round((area.until_ms - this.store.clock.now()) / 3_600_000))) : '4' }));
    const note = /** @type {HTMLTextAreaElement} */ (el('textarea', { name: 'area_note', maxlength: '1000' }));
    note.value = area.note;
    const close = () => { dialog.close(); dialog.remove(); };
    const save = async () => {
      const now = Math.round(this.store.clock.now());
      const isService = kind.value === 'service';
      const body = { kind: kind.value, name: name.value.trim(), note: note.value.trim(), ring: area.ring, ver: area.ver, from_ms: isService ? null : area.from_ms ?? now, until_ms: isService || hours.value === '0' ? null : now + Number(hours.value) * 3_600_000 };
      try {
        await post(area.id ? `/api/v1/areas/${area.id}` : '/api/v1/areas', body);
        close();
        await this.refresh();
      } catch (error) { toastError(error); }
    };
    const finish = async () => {
      try { await post(`/api/v1/areas/${area.id}/end`, {}); close(); await this.refresh(); } catch (error) { toastError(error); }
    };
    dialog.append(el('header', {}, el('h2', {}, t('console.area.title')), el('button.quiet', { 'aria-label': t('console.drawer.close'), onclick: close }, '×')),
      el('form', { onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); void save(); } },
        el('label', {}, t('console.area.name'), name), el('label', {}, t('console.area.kind'), kind), el('label', {}, t('console.area.hours'), hours), el('label', {}, t('console.area.note'), note),
        area.id && area.from_ms ? el('p.muted', {}, t('console.area.since', { time: fullTime(area.from_ms), count: area.customers ?? 0 })) : '',
        el('footer', {}, ...(area.id ? [el('button.danger', { type: 'button', onclick: () => void finish() }, t('console.area.end'))] : []), el('button.primary', { type: 'submit' }, t('console.area.save')))));
    dialog.addEventListener('cancel', () => dialog.remove());
    dialog.lang = language() === 'en' ? 'en' : 'zh-CN';
    document.body.append(dialog);
    dialog.showModal();
    name.focus();
  }
}
