// @ts-check
// The line to the server: one websocket. What it loses costs time only: after every break the board is read again.

import { io } from '/static/vendor/socket.io-client/socket.io.esm.min.js';

/** @typedef {import('./store.js').Store} Store */

const PING_MS = 2_000;
const SILENT_MS = 7_000;

export class Line {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.heardAt = performance.now();
    this.socket = io({ path: '/socket.io', transports: ['websocket'], reconnectionDelay: 500, reconnectionDelayMax: 4_000 });
    this.socket.on('connect', () => this.up());
    this.socket.on('disconnect', (/** @type {string} */ reason) => this.down(reason));
    this.socket.on('connect_error', (/** @type {Error} */ error) => (error.message === 'signed_out' ? location.assign('/sign-in') : this.down('connect_error')));
    this.socket.on('board', (/** @type {any} */ message) => { this.hear(); store.apply(message); });
    this.socket.on('positions', (/** @type {any} */ message) => { this.hear(); store.move(message); });
    this.socket.on('pong_server', (/** @type {any} */ message) => { this.hear(); store.clock.observe(message.at_ms); });
    setInterval(() => this.ping(), PING_MS);
  }

  up() {
    this.hear();
    this.resync();
    this.ping();
  }

  /** @param {string} reason */
  down(reason) {
    this.store.setLine('down');
    if (reason === 'io server disconnect') setTimeout(() => this.socket.connect(), PING_MS);
  }

  hear() {
    this.heardAt = performance.now();
    if (this.store.line === 'down') this.resync();
    if (this.store.line !== 'up') this.store.setLine('up');
  }

  resync() {
    this.store.reload().catch(() => this.store.setLine('down'));
  }

  ping() {
    if (!this.socket.connected) return;
    this.socket.emit('ping_server');
    if (performance.now() - this.heardAt > SILENT_MS) this.store.setLine('down');
  }

  retry() {
    this.socket.connect();
    this.resync();
  }
}
