// @ts-check
// The alarm for leaks that nobody has accepted: stands still, sounds, stays until a person takes it.

import { ApiError, post } from './api.js';
import { byId, el, setText, toast, toastError } from './dom.js';
import { span, t, word } from './i18n.js';
import { SHAPES, isUntakenLeak } from './sla.js';
import { VoiceCalls } from './voice.js';

/** @typedef {import('./store.js').Store} Store */

const REPEAT_MS = 2_400;
const RING = [880, 660, 880];
const SIREN = [988, 740, 988, 740, 988, 740];

/** Two sounds made on the spot: a leak's, repeated, and a breach's, once. */
class Sound {
  constructor() {
    /** @type {AudioContext|null} */ this.context = null;
    const wake = () => { this.context ??= new AudioContext(); void this.context.resume(); };
    for (const name of ['pointerdown', 'keydown']) document.addEventListener(name, wake);
  }

  get isOn() {
    return this.context?.state === 'running';
  }

  /** @param {number[]} pitches hertz, one after another */
  play(pitches) {
    if (!this.context || !this.isOn) return;
    const { context } = this;
    pitches.forEach((pitch, i) => {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const at = context.currentTime + i * 0.24;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.22);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.24);
    });
  }
}

export class Alarm {
  /** @param {Store} store @param {(order: any) => void} onLeak called once for each new leak */
  constructor(store, onLeak) {
    this.store = store;
    this.onLeak = onLeak;
    this.sound = new Sound();
    /** @type {Map<string, number>} */ this.taken = new Map();
    /** @type {Set<string>} */ this.seen = new Set();
    /** @type {any[]} */ this.waiting = [];
    /** @type {HTMLElement} */ this.bar = byId('alarm');
    this.voice = new VoiceCalls();
    store.addEventListener('orders', () => this.draw());
    store.addEventListener('change', (event) => this.hear(/** @type {CustomEvent} */ (event).detail));
    this.isTroubled = false; // the server itself is in trouble: see watch.js
    setInterval(() => this.ring(), REPEAT_MS);
  }

  /** @param {any} change */
  hear(change) {
    if (change.type !== 'clock_breached' || !change.order) return;
    this.sound.play([520, 390]);
    const text = t('console.alarm.breach', { number: change.order.number, clock: word('clock', change.data.kind ?? change.order.clock?.kind) });
    toast(text, 'error');
    setText(byId('shout'), text);
  }

  ring() {
    if (this.isTroubled || this.waiting.some(isSirening)) this.sound.play(SIREN);
    else if (this.waiting.length) this.sound.play(RING);
  }

  draw() {
    const leaks = [...this.store.orders.values()].filter((o) => isUntakenLeak(o) || isSirening(o));
    this.waiting = leaks.filter((o) => !this.isTaken(o)).sort((a, b) => a.priority - b.priority || a.opened_ms - b.opened_ms);
    for (const leak of leaks) if (!this.seen.has(leak.id)) this.announce(leak);
    this.voice.show(this.waiting);
    this.bar.hidden = this.waiting.length === 0;
    if (this.bar.hidden) { this.bar.replaceChildren(); this.shown = ''; return; }
    const [first] = this.waiting;
    const key = `${first.id} ${this.waiting.length} ${first.alarm?.step ?? 0}`;
    if (this.shown !== key) this.fill(first, key);
    this.tick();
  }

  /** @param {any} leak */
  announce(leak) {
    this.seen.add(leak.id);
    setText(byId('shout'), t('console.alarm.new_leak', { number: leak.number, address: leak.address }));
    this.sound.play(RING);
    this.onLeak(leak);
  }

  /** Somebody has taken it and no siren has sounded since: here at once, at the other consoles by the board. @param {any} leak */
  isTaken(leak) {
    const at = this.taken.get(leak.id);
    if (leak.alarm && !leak.alarm.is_climbing) return at !== undefined || leak.alarm.taken_ms !== null;
    return at !== undefined && !((leak.alarm?.siren_ms ?? 0) > at);
  }

  /** @param {any} first @param {string} key */
  fill(first, key) {
    this.shown = key;
    const title = this.waiting.length > 1 ? t('console.alarm.many', { count: this.waiting.length }) : t('console.alarm.one');
    this.bar.dataset.siren = isSirening(first) ? '1' : '';
    this.bar.replaceChildren(el('span.shape', { 'aria-hidden': 'true' }, SHAPES[first.priority]),
      el('p', {}, el('b', {}, isSirening(first) ? `${title} · ${t('console.watch.rung_siren')}` : title), el('span', {}, `${first.number} · ${word('fault', first.fault_kind)} · ${first.address}`)),
      el('span.num.wait'), el('button', { id: 'take-alarm', onclick: () => this.take() }, t('console.do.take'), el('kbd', {}, '␣')));
  }

  tick() {
    const wait = this.bar.querySelector('.wait');
    const [first] = this.waiting;
    if (wait && first) setText(wait, t('console.alarm.waits', { time: span((this.store.clock.now() - first.opened_ms) / 1000) }));
    this.bar.title = this.sound.isOn ? '' : t('console.alarm.sound_off');
  }

  /** A person takes the first leak by name: its alarm ends at every console, its drawer opens here. */
  take() {
    const [first] = this.waiting;
    if (!first) return false;
    this.taken.set(first.id, this.store.clock.now());
    void post(`/api/v1/work-orders/${first.id}/take`, {}).catch((error) => {
      // Accepted or settled in the same moment: nothing to take, nothing to say. Anything else lets the alarm go on.
      if (error instanceof ApiError && error.code === 'leak_not_waiting') return;
      this.taken.delete(first.id);
      this.draw();
      toastError(error);
    });
    this.store.select(first.id);
    this.store.dispatchEvent(new CustomEvent('open', { detail: first.id }));
    this.draw();
    return true;
  }
}

/** The ladder has reached the siren and nobody has the leak. @param {any} order */
const isSirening = (order) => Boolean(order.alarm?.is_climbing && order.alarm.siren_ms);
