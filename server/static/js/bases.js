// @ts-check
// Base maps: which one is shown, and the way between our coordinates (WGS-84) and those its picture is drawn in.

import gcoord from '/static/vendor/gcoord/gcoord.esm-browser.prod.js';

/** @typedef {{id: string, kind: 'geojson'|'pmtiles'|'xyz', name: string, name_en: string, url: string, crs: 'wgs84'|'gcj02', attribution: string}} Base */

const KEY = 'basemap';
/** @type {'wgs84'|'gcj02'} */ let shown = 'wgs84';

/** Choose what was chosen last, else the first. @param {Base[]} bases @returns {Base|null} */
export function chosenBase(bases) {
  return bases.find((base) => base.id === localStorage.getItem(KEY)) ?? bases[0] ?? null;
}

/** Remember a choice. @param {string} id */
export const rememberBase = (id) => localStorage.setItem(KEY, id);

/** From now on the map shows this base. @param {Base|null} base */
export function useBase(base) {
  shown = base?.crs ?? 'wgs84';
}

/** Our place as the picture has it. @param {number} lon @param {number} lat @returns {[number, number]} */
export function toPicture(lon, lat) {
  return shown === 'gcj02' ? gcoord.transform([lon, lat], gcoord.WGS84, gcoord.GCJ02) : [lon, lat];
}

/** A place of the picture as we keep it. @param {number} lon @param {number} lat @returns {[number, number]} */
export function fromPicture(lon, lat) {
  return shown === 'gcj02' ? gcoord.transform([lon, lat], gcoord.GCJ02, gcoord.WGS84) : [lon, lat];
}
