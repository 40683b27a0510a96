// @ts-check
// Dragging on the board: a bar, or a row of the queue, onto a technician and a time. Nothing moves by itself: the drop
// only asks.

import { el } from './dom.js';
import { clockTime } from './i18n.js';

/** @typedef {import('./board.js').Board} Board */

const FROM_PX = 5;
const SNAP_MS = 300_000;

export class Drag {
  /** @param {Board} board @param {HTMLElement} queue @param {(id: string, where: {technicianId: string, startMs: number|null}) => void} drop */
  constructor(board, queue, drop) {
    this.board = board;
    this.drop = drop;
    /** @type {{id: string, source: HTMLElement, x: number, y: number, grip: number}|null} */ this.held = null;
    this.ghost = el('div.ghost', { hidden: true, 'aria-hidden': 'true' });
    document.body.append(this.ghost);
    board.root.addEventListener('pointerdown', (event) => this.take(event, 'button.bar'));
    queue.addEventListener('pointerdown', (event) => this.take(event, '.row'));
    addEventListener('pointermove', (event) => this.move(event));
    addEventListener('pointerup', (event) => this.leave(event));
    addEventListener('pointercancel', () => this.end());
    addEventListener('keydown', (event) => { if (event.key === 'Escape' && this.isMoving) { event.stopPropagation(); this.end(); } }, true);
    addEventListener('click', (event) => { if (this.hasMoved) { this.hasMoved = false; event.stopPropagation(); event.preventDefault(); } }, true);
    this.isMoving = false;
    this.hasMoved = false;
  }

  /** @param {PointerEvent} event @param {string} kind */
  take(event, kind) {
    const source = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest(kind));
    this.hasMoved = false;
    if (!source || event.button !== 0 || event.pointerType === 'touch' || document.body.dataset.role === 'agent') return;
    const grip = kind === '.row' ? 0 : event.clientX - source.getBoundingClientRect().left;
    this.held = { id: source.dataset.bar ?? source.dataset.id ?? '', source, x: event.clientX, y: event.clientY, grip };
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.held) return;
    if (!this.isMoving && Math.hypot(event.clientX - this.held.x, event.clientY - this.held.y) < FROM_PX) return;
    if (!this.isMoving) this.start();
    event.preventDefault();
    const spot = this.spot(event);
    for (const line of this.board.lines.querySelectorAll('[data-target]')) line.removeAttribute('data-target');
    spot?.line.setAttribute('data-target', '1');
    this.ghost.style.transform = `translate(${event.clientX - this.held.grip}px, ${event.clientY - 10}px)`;
    this.ghost.dataset.time = spot?.startMs ? clockTime(spot.startMs) : '';
  }

  start() {
    const { source } = /** @type {any} */ (this.held);
    this.isMoving = true;
    this.ghost.textContent = source.querySelector('.title')?.textContent ?? source.textContent;
    this.ghost.dataset.priority = source.dataset.priority;
    this.ghost.hidden = false;
    source.dataset.dragged = '1';
    document.body.classList.add('dragging');
  }

  /** Whose line and which time lie under the pointer. @param {PointerEvent} event */
  spot(event) {
    const line = /** @type {HTMLElement|null} */ (document.elementFromPoint(event.clientX, event.clientY)?.closest('.tech') ?? null);
    const track = line?.querySelector('.track')?.getBoundingClientRect();
    if (!line || !track) return null;
    const share = (event.clientX - (this.held?.grip ?? 0) - track.left) / track.width;
    const startMs = event.clientX < track.left ? null : Math.round(this.board.timeAt(share) / SNAP_MS) * SNAP_MS;
    return { line, startMs, technicianId: line.dataset.id ?? '' };
  }

  /** @param {PointerEvent} event */
  leave(event) {
    const { held, isMoving } = this;
    const spot = isMoving ? this.spot(event) : null;
    this.hasMoved = isMoving;
    this.end();
    if (held && spot?.technicianId) this.drop(held.id, { technicianId: spot.technicianId, startMs: spot.startMs });
  }

  end() {
    this.held?.source.removeAttribute('data-dragged');
    this.held = null;
    this.isMoving = false;
    this.ghost.hidden = true;
    document.body.classList.remove('dragging');
    for (const line of this.board.lines.querySelectorAll('[data-target]')) line.removeAttribute('data-target');
  }
}
