// @ts-check
// The line to the server: one websocket. What it loses costs time only: after every break the board is read again.

import { io } from '/static/vendor/socket.io-client/socket.io.esm.min.js';

import { get } from './api.js';

/** @typedef {import('./store.js').Store} Store */

const PING_MS = 2_000;
const SILENT_MS = 7_000;

export class Line {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.heardAt = performance.now();
    this.wasUp = false;
    this.socket = io({ path: '/socket.io', transports: ['websocket'], reconnectionDelay: 500, reconnectionDelayMax: 4_000 });
    this.socket.on('connect', () => this.up());
    this.socket.on('disconnect', (/** @type {string} */ reason) => this.down(reason));
    this.socket.on('connect_error', (/** @type {Error} */ error) => (error.message === 'signed_out' ? location.assign('/sign-in') : this.down('connect_error')));
    this.socket.on('board', (/** @type {any} */ message) => { this.hear(); store.apply(message); });
    this.socket.on('positions', (/** @type {any} */ message) => { this.hear(); store.move(message); });
    this.socket.on('pong_server', (/** @type {any} */ message) => { this.hear(); store.clock.observe(message.at_ms); });
    store.addEventListener('look', () => this.look());
    setInterval(() => this.ping(), PING_MS);
  }

  /** Tell the server what the map shows, so that places come for it at once. */
  look() {
    if (this.store.view && this.socket.connected) this.socket.emit('view', this.store.view);
  }

  up() {
    this.hear();
    this.look();
    if (this.wasUp) this.resync(); else this.catchUp();
    this.wasUp = true;
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

  /** The page's first line: the board is under way already; what changed since it was read is fetched behind it. */
  catchUp() {
    const { store } = this;
    const loaded = store.reading ?? (store.isLoaded ? Promise.resolve() : store.reload());
    loaded.then(() => get(`/api/v1/board/changes?after=${store.cursor}`)).then((message) => store.apply(message)).catch(() => store.setLine('down'));
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
