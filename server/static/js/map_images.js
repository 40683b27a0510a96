// @ts-check
// Markers drawn on canvas: the four shapes with a casing, discs with an initial, a wedge, a dashed ring.

import { token } from './map_style.js';

const RATIO = 2;

/** @param {number} size css pixels @param {(c: CanvasRenderingContext2D, middle: number) => void} draw */
function picture(size, draw) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * RATIO;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(RATIO, RATIO);
  draw(context, size / 2);
  return context.getImageData(0, 0, size * RATIO, size * RATIO);
}

/** @param {CanvasRenderingContext2D} c @param {number[][]} points */
function polygon(c, points) {
  c.beginPath();
  points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.closePath();
}

/** Trace a priority's shape. @param {CanvasRenderingContext2D} c @param {number} priority @param {number} m middle @param {number} r */
function trace(c, priority, m, r) {
  if (priority === 1) polygon(c, [[m, m - r], [m + r, m], [m, m + r], [m - r, m]]);
  else if (priority === 2) polygon(c, [[m, m - r * 0.95], [m + r, m + r * 0.8], [m - r, m + r * 0.8]]);
  else if (priority === 3) { c.beginPath(); c.arc(m, m, r * 0.8, 0, 7); } else {
    c.beginPath();
    c.rect(m - r * 0.7, m - r * 0.7, r * 1.4, r * 1.4);
  }
}

/** @param {number} priority @param {string} tone calm | late | chosen */
export function orderImage(priority, tone) {
  const size = priority === 1 ? 34 : 26;
  return picture(size, (c, m) => {
    const r = m - 6;
    if (tone === 'chosen') { c.beginPath(); c.arc(m, m, m - 1.5, 0, 7); c.strokeStyle = token('brand'); c.lineWidth = 2.5; c.stroke(); }
    trace(c, priority, m, r);
    c.lineJoin = 'round';
    c.lineWidth = 4;
    c.strokeStyle = tone === 'late' ? token('p1') : token('surface');
    c.stroke();
    c.fillStyle = token(`p${priority}`);
    c.fill();
  });
}

const TONES = /** @type {Record<string, string>} */ ({ leak: 'brand', free: 'ok', busy: 'p4', stale: 'stale' });

/** @param {string} initial @param {string} tone leak | free | busy | stale */
export function discImage(initial, tone) {
  return picture(30, (c, m) => {
    c.beginPath();
    c.arc(m, m, 12, 0, 7);
    c.fillStyle = tone === 'stale' ? token('surface-2') : token(TONES[tone]);
    c.fill();
    c.lineWidth = 2;
    c.strokeStyle = tone === 'stale' ? token('stale') : token('surface');
    c.stroke();
    c.fillStyle = tone === 'stale' ? token('ink-3') : token('on-brand');
    c.font = '700 13px "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    c.fillText(initial, m, m + 0.5);
  });
}

/** A wedge that looks north; the map turns it. @param {string} tone */
export function wedgeImage(tone) {
  return picture(46, (c, m) => {
    polygon(c, [[m, 1], [m + 8, 12], [m - 8, 12]]);
    c.fillStyle = token(TONES[tone]);
    c.fill();
    c.lineWidth = 1.5;
    c.strokeStyle = token('surface');
    c.stroke();
  });
}

export const ringImage = () => picture(44, (c, m) => {
  c.beginPath();
  c.arc(m, m, 18, 0, 7);
  c.setLineDash([5, 4]);
  c.lineWidth = 2.5;
  c.strokeStyle = token('brand');
  c.stroke();
});

export const pinImage = () => picture(40, (c, m) => {
  c.beginPath();
  c.arc(m, 14, 9, Math.PI * 0.85, Math.PI * 2.15);
  c.lineTo(m, 36);
  c.closePath();
  c.fillStyle = token('brand');
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = token('surface');
  c.stroke();
  c.beginPath();
  c.arc(m, 14, 3.5, 0, 7);
  c.fillStyle = token('surface');
  c.fill();
});
