// @ts-check
// The base map's style in light and dark: our own layers, the browser's own fonts, no glyph server.

import { language } from './i18n.js';

export const FONT = ['Noto Sans CJK SC', 'Noto Sans SC', 'sans-serif'];
const EMPTY = { type: 'FeatureCollection', features: [] };

/** Read a token of the theme. @param {string} name */
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Width by zoom: thin from afar, real from near. @param {number} far @param {number} near */
const wide = (far, near) => ['interpolate', ['exponential', 1.5], ['zoom'], 10, far, 13, far * 1.8, 17, near];

const MAIN = ['match', ['get', 'class'], ['motorway', 'trunk', 'primary', 'secondary', 'tertiary', 'arterial', 'main', 'avenue', 'ring'], true, false];
const nameOf = () => (language() === 'en' ? ['coalesce', ['get', 'name_en'], ['get', 'name']] : ['get', 'name']);

/** @param {string} id @param {string} source @param {string} colour @param {any} [more] */
const fill = (id, source, colour, more = {}) => ({ id, type: 'fill', source, paint: { 'fill-color': token(colour), 'fill-antialias': true, ...more } });
/** @param {string} id @param {string} colour @param {any} width @param {any} filter */
const road = (id, colour, width, filter) => ({
  id, type: 'line', source: 'road', filter,
  layout: { 'line-cap': 'round', 'line-join': 'round' },
  paint: { 'line-color': token(colour), 'line-width': width },
});

/** @param {Set<string>} there names of the layers the server has @param {import('./bases.js').Base|null} base @returns {any} a MapLibre style */
export function makeStyle(there, base) {
  if (base?.kind === 'xyz') return pictureStyle(base);
  if (base?.kind === 'pmtiles') return tileStyle(base);
  /** @type {Record<string, any>} */ const sources = {};
  for (const name of ['land', 'water', 'park', 'building', 'label']) {
    sources[name] = { type: 'geojson', data: there.has(name) ? `/api/v1/basemap/${name}.geojson` : EMPTY, tolerance: 0.2 };
  }
  sources.road = { type: 'geojson', data: EMPTY, tolerance: 0.2 };
  return { version: 8, sources, layers: baseLayers() };
}

/** The same layers out of the city's vector tiles. @param {import('./bases.js').Base} base */
function tileStyle(base) {
  const layers = baseLayers().map((/** @type {any} */ layer) => (layer.source ? { ...layer, source: 'city', 'source-layer': layer.source } : layer));
  return { version: 8, sources: { city: { type: 'vector', url: `pmtiles://${new URL(base.url, location.href).href}` } }, layers };
}

/** Pictures that the operator's tile server draws. @param {import('./bases.js').Base} base */
function pictureStyle(base) {
  const tiles = [new URL(base.url, location.href).href.replaceAll('%7B', '{').replaceAll('%7D', '}')];
  return {
    version: 8, sources: { picture: { type: 'raster', tiles, tileSize: 256 } },
    layers: [{ id: 'ground', type: 'background', paint: { 'background-color': token('map-land') } }, { id: 'picture', type: 'raster', source: 'picture' }],
  };
}

function baseLayers() {
  const casing = token('map-casing') || token('line');
  return [
    { id: 'ground', type: 'background', paint: { 'background-color': token('map-land') } },
    fill('land', 'land', 'map-land'),
    fill('park', 'park', 'map-park'),
    fill('building', 'building', 'map-bld', { 'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0, 14, 1] }),
    fill('water', 'water', 'map-water'),
    { ...road('road-casing', 'line', wide(1.4, 19), MAIN), paint: { 'line-color': casing, 'line-width': wide(1.6, 20) } },
    road('road-small', 'map-road', wide(0.8, 12), ['!', MAIN]),
    road('road-main', 'map-road-2', wide(1.2, 16), MAIN),
    roadName('road-name', 13, ['!', MAIN]), roadName('road-name-main', 11.8, MAIN), districtName(),
  ];
}

/** @param {string} id @param {number} minzoom @param {any} filter */
const roadName = (id, minzoom, filter) => ({
  id, type: 'symbol', source: 'road', minzoom, filter,
  layout: { 'symbol-placement': 'line', 'text-field': nameOf(), 'text-font': FONT, 'text-size': 11, 'symbol-spacing': 380, 'text-max-angle': 40, 'text-padding': 8 },
  paint: { 'text-color': token('map-ink'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.4 },
});

const districtName = () => ({
  id: 'district', type: 'symbol', source: 'label', maxzoom: 15,
  layout: { 'text-field': nameOf(), 'text-font': FONT, 'text-size': 14, 'text-letter-spacing': 0.12, 'text-padding': 6 },
  paint: { 'text-color': token('map-ink'), 'text-halo-color': token('map-halo'), 'text-halo-width': 1.6, 'text-opacity': 0.85 },
});

/** Join the pieces of each street to long lines, so that its name finds room. @param {any} collection */
export function joinRoads(collection) {
  /** @type {Map<string, any[]>} */ const streets = new Map();
  for (const feature of collection.features) {
    const { name, class: kind } = feature.properties;
    if (feature.geometry.type !== 'LineString') continue;
    const key = `${name}|${kind}`;
    streets.set(key, [...(streets.get(key) ?? []), feature]);
  }
  const features = [...streets.values()].flatMap((pieces) => {
    const { properties } = pieces[0];
    return chain(pieces.map((p) => p.geometry.coordinates)).map((coordinates) => ({ type: 'Feature', properties, geometry: { type: 'LineString', coordinates } }));
  });
  return { type: 'FeatureCollection', features };
}

/** @param {number[][][]} lines @returns {number[][][]} */
function chain(lines) {
  const at = (/** @type {number[]} */ p) => p.join(',');
  /** @type {number[][][]} */ const done = [];
  const left = new Set(lines);
  for (const start of lines) {
    if (!left.delete(start)) continue;
    let line = start;
    for (let found = true; found;) {
      found = false;
      for (const next of left) {
        const joined = join(line, next, at);
        if (joined) { line = joined; left.delete(next); found = true; break; }
      }
    }
    done.push(line);
  }
  return done;
}

/** @param {number[][]} a @param {number[][]} b @param {(p: number[]) => string} at */
function join(a, b, at) {
  const [head, tail, first, last] = [at(a[0]), at(a[a.length - 1]), at(b[0]), at(b[b.length - 1])];
  if (tail === first) return [...a, ...b.slice(1)];
  if (tail === last) return [...a, ...[...b].reverse().slice(1)];
  if (head === last) return [...b, ...a.slice(1)];
  return head === first ? [...[...b].reverse(), ...a.slice(1)] : null;
}
