// @ts-check
// Where travel times come from, as a small flag beside every arrival: what it is, how good, and what it stands in for.

import { el } from './dom.js';
import { t, word } from './i18n.js';

/**
 * Read a provenance such as `straight 2026-11-21 n=812 ±11% (osrm failed: timeout)`.
 * @param {string} quality
 */
export function readQuality(quality) {
  const failed = quality.match(/ \((\w+) failed: ([^)]*)\)$/);
  const learnt = quality.match(/ (\d{4}-\d\d-\d\d) n=(\d+) ±(\d+)%/);
  const [source, date] = quality.split(' ');
  return {
    source,
    date: source !== 'straight' && /^\d{4}-\d\d/.test(date ?? '') ? date : '',
    learnt: learnt ? { date: learnt[1], trips: learnt[2], error: learnt[3] } : null,
    failed: failed ? { source: failed[1], reason: failed[2] } : null,
  };
}

/** @param {ReturnType<typeof readQuality>} told */
function basis(told) {
  if (told.source !== 'straight') return told.date ? t('console.travel.dated', { source: word('travel_source', told.source), month: told.date.slice(0, 7) }) : word('travel_source', told.source);
  return told.learnt ? t('console.travel.calibrated') : t('console.travel.plain');
}

/** @param {ReturnType<typeof readQuality>} told */
function whole(told) {
  const [code] = told.failed ? told.failed.reason.split(' ') : [''];
  const parts = [
    basis(told),
    told.learnt ? t('console.travel.learnt', told.learnt) : '',
    told.failed ? t('console.travel.instead', { source: word('travel_source', told.failed.source), reason: word('travel_reason', code) }) : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

/** Flag where travel times come from; the whole provenance is in the tip. @param {string|null|undefined} quality */
export function provenance(quality) {
  if (!quality) return null;
  const told = readQuality(quality);
  const kind = told.failed ? 'fallback' : told.source === 'straight' && !told.learnt ? 'plain' : 'sound';
  const text = told.failed ? t('console.travel.fallback', { basis: basis(told) }) : basis(told);
  return el('span.provenance', { data: { travelQuality: quality, kind }, title: whole(told) }, text);
}
