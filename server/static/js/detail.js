// @ts-check
// The drawer: one order in full. Every figure opens its reason.

import { get } from './api.js';
import { byId, calmly, el, setText, toastError } from './dom.js';
import { clockTime, language, nearTime, t, word } from './i18n.js';
import { certificateCard } from './certificate.js';
import { openClock } from './clockwork.js';
import { linkPart } from './link.js';
import { papersPart } from './papers.js';
import { keepReply } from './promises.js';
import { SHAPES, countdown } from './sla.js';

/** @typedef {import('./store.js').Store} Store */

const SHORT_HISTORY = 8;
const REDRAW_MS = 30;
const RECALL = new Set(['offered', 'assigned', 'on_site', 'made_safe']);
const ASSIGN = new Set(['new', 'triaged', 'offered', 'assigned', 'reopened', 'on_hold', 'no_access', 'needs_engineering']);
const HOLD = new Set(['triaged', 'offered', 'assigned', 'on_site', 'made_safe']);
const RELEASE = new Set(['on_hold', 'no_access', 'needs_engineering', 'reopened']);
const CANCEL = new Set(['new', 'triaged', 'offered', 'assigned', 'on_site', 'on_hold', 'no_access', 'needs_engineering']);
const WHY = new Set(['triaged', 'offered', 'assigned', 'reopened']);
const LOCK = new Set(['triaged', 'offered', 'reopened']);
const REOPEN = new Set(['closed', 'cancelled', 'duplicate']);

/** A titled part of the drawer; nothing when it has no content. @param {string} title @param {...any} content */
function part(title, ...content) {
  const kept = content.flat().filter(Boolean);
  return kept.length ? el('section.part', {}, el('h3', {}, title), ...kept) : null;
}

/** @param {[string, any][]} pairs */
function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return el('dl.facts', {}, ...shown.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value instanceof Node ? value : String(value))]));
}

export class Drawer {
  /** @param {Store} store @param {Record<string, (order: any) => void>} actions */
  constructor(store, actions) {
    this.store = store;
    this.actions = actions;
    /** @type {any} */ this.detail = null;
    /** @type {HTMLElement} */ this.root = byId('drawer');
    this.asked = 0;
    this.answered = 0;
    this.wholeHistory = false;
    this.drawSoon = calmly(this.root, () => this.detail && this.draw(), REDRAW_MS);
    store.addEventListener('open', (event) => this.open(/** @type {CustomEvent} */ (event).detail));
    store.addEventListener('selection', () => this.follow());
    store.addEventListener('detail', () => this.reload());
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {string} id */
  open(id) {
    this.wholeHistory = false;
    if (this.detail?.order.id !== id) this.skeleton();
    this.show(true);
    void this.read(id);
  }

  follow() {
    const id = this.store.selectedId;
    if (id && this.isOpen && this.detail?.order.id !== id) this.open(id);
  }

  reload() {
    if (this.isOpen && this.store.selectedId) void this.read(this.store.selectedId);
  }

  /** @param {boolean} isShown */
  show(isShown) {
    if (this.root.hidden === !isShown) return;
    this.root.hidden = !isShown;
    byId('desk').classList.toggle('with-drawer', isShown);
    this.store.dispatchEvent(new CustomEvent('resize'));
  }

  close() {
    this.show(false);
    this.detail = null;
  }

  skeleton() {
    this.root.replaceChildren(el('div.head.skeleton'), ...[0, 1, 2, 3].map(() => el('div.part.skeleton')));
    this.root.setAttribute('aria-busy', 'true');
  }

  /** @param {string} id */
  async read(id) {
    const asked = ++this.asked;
    try {
      const detail = await get(`/api/v1/work-orders/${id}`);
      if (this.store.selectedId !== id || asked < this.answered) return; // an earlier question's answer is older
      this.answered = asked;
      this.store.clock.observe(detail.at_ms);
      this.detail = detail;
      this.drawSoon();
    } catch (error) {
      toastError(error);
    }
  }

  draw() {
    const { order } = this.detail;
    const top = this.root.querySelector('.body')?.scrollTop ?? 0;
    const focused = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.action;
    const body = el('div.body', { tabindex: '0' }, ...[
      this.certificate(), this.flags(), this.advice(), this.facts(), this.clocks(), this.visit(), this.record(), papersPart(this), linkPart(this), this.history(),
    ].filter(Boolean));
    this.root.removeAttribute('aria-busy');
    this.root.setAttribute('aria-label', order.number);
    this.root.replaceChildren(this.head(), body, this.foot());
    body.scrollTop = top;
    if (focused) /** @type {HTMLElement|null} */ (this.root.querySelector(`[data-action="${focused}"]`))?.focus();
    this.tick();
  }

  head() {
    const { order } = this.detail;
    return el('header.head', { data: { priority: String(order.priority) } },
      el('p.line1', {}, el('span.chip.priority', { data: { priority: String(order.priority) } }, `${SHAPES[order.priority]} ${word('priority', order.priority)}`),
        el('span.number', {}, order.number),
        el('button.quiet.icon', { 'aria-label': t('console.drawer.close'), onclick: () => this.close() }, '×')),
      el('h2', {}, `${word('fault', order.fault_kind)} · ${word('location', order.location)}`),
      el('p.address', {}, order.address),
      el('button.quiet.big', { data: { tone: 'calm', action: 'clock' }, title: t('console.clockwork.open'), onclick: () => this.openClock() }, el('b.num'), el('span')),
      el('p.state', {}, word('state', order.state), order.technician_name ? ` · ${order.technician_name}` : ` · ${t('console.nobody')}`,
        order.assignment_state && order.assignment_state !== 'planned' ? ` · ${word('assignment', order.assignment_state)}` : ''));
  }

  /** Show this second's countdown. */
  tick() {
    if (!this.detail || !this.isOpen) return;
    const big = /** @type {HTMLElement|null} */ (this.root.querySelector('.big'));
    if (!big) return;
    const { clock } = this.store.orders.get(this.detail.order.id) ?? this.detail.order;
    const left = countdown(clock, this.store.clock.now());
    big.dataset.tone = left.tone;
    setText(big.children[0], left.text);
    const side = left.left === null ? t('console.no_target') : t(left.tone === 'late' ? 'console.over_target' : 'console.to_target');
    setText(big.children[1], clock ? `${word('clock', clock.kind)} ${nearTime(clock.due_ms, this.store.clock.now())} · ${side}` : side);
  }

  certificate() {
    const { certificate, order } = this.detail;
    if (!WHY.has(order.state) && !certificate) return null;
    const ask = el('button.ask-why', { data: { action: 'why' }, onclick: () => this.actions.why(order) }, t('console.why.open'), el('kbd', {}, 'W'));
    return certificate?.technician_id ? certificateCard(certificate, order, ask) : el('section.part', {}, ask);
  }

  flags() {
    const all = [...new Set([...this.detail.order.flags, ...this.detail.evidence_flags])];
    return part(t('console.drawer.flags'), all.map((flag) => el('p.flag', {}, word('flag', flag))));
  }

  advice() {
    const { advice } = this.detail.detail;
    return part(t('console.drawer.advice'), advice.length && el('ol.advice', {}, ...advice.map((/** @type {string} */ code) => el('li', {}, word('advice', code)))));
  }

  facts() {
    const { order, detail } = this.detail;
    const now = this.store.clock.now();
    const who = [detail.customer.name, detail.customer.is_vulnerable ? t('console.drawer.vulnerable') : ''].filter(Boolean).join(' · ');
    const windowText = order.window_start_ms ? `${nearTime(order.window_start_ms, now)}–${clockTime(order.window_end_ms)}` : '';
    const rows = facts([
      [t('console.drawer.customer'), who], [t('console.drawer.phone'), detail.customer.phone], [t('console.drawer.account'), detail.customer.account],
      [t('console.drawer.window'), windowText], [t('console.drawer.opened'), nearTime(order.opened_ms, now)], [t('console.drawer.description'), detail.description],
      [t('console.drawer.skills'), detail.skills.map((/** @type {string} */ s) => word('skill', s)).join(' · ')],
    ]);
    const answers = Object.entries(detail.answers).map(([question, answer]) => el('li', {}, word('question', question), ' ', el('b', {}, word('option', answer))));
    const past = detail.customer.history.map((/** @type {any} */ o) => el('li', {}, `${o.number} ${word('fault', o.fault_kind)} · ${word('state', o.state)}`));
    return el('div', {}, part(t('console.drawer.facts'), rows),
      part(t('console.drawer.answers'), answers.length && el('ul.plain', {}, ...answers)) ?? '',
      part(t('console.drawer.earlier'), past.length && el('ul.plain', {}, ...past)) ?? '');
  }

  clocks() {
    const now = this.store.clock.now();
    const lines = this.detail.clocks.filter((/** @type {any} */ c) => c.started_ms || c.due_ms).map((/** @type {any} */ c) => {
      const state = c.met_ms ? t('console.drawer.clock_met', { time: nearTime(c.met_ms, now) })
        : c.breached ? t('console.drawer.clock_missed') : c.paused ? t('console.drawer.clock_paused') : t('console.drawer.clock_due', { time: nearTime(c.due_ms, now) });
      const answer = c.promise_id && !c.met_ms && el('button', { data: { action: 'keep' }, onclick: () => void keepReply(this, c) }, t('console.promise.keep'));
      return el('li.clock', { data: { breached: c.breached ? '1' : null } },
        el('button.quiet', { data: { clock: c.promise_id ?? c.kind }, title: t('console.clockwork.open'), onclick: () => openClock(this.detail, c, now) },
          el('span', {}, c.subject ? `${word('clock', c.kind)} · ${c.subject}` : word('clock', c.kind)), el('b', {}, state)), answer);
    });
    const { order } = this.detail;
    const act = (/** @type {string} */ name) => el('button', { data: { action: name }, onclick: () => this.actions[name](order) }, t(`console.promise.${name}`));
    const acts = order.is_open && el('p.promises', {}, act('reply'), document.body.dataset.role !== 'agent' && !this.detail.visit?.arrived_ms ? act('window') : null);
    return part(t('console.drawer.clocks'), lines.length ? el('ul.clocks', {}, ...lines) : null, acts);
  }

  /** How the clock ran whose countdown stands in the head. */
  openClock() {
    const { clock } = this.store.orders.get(this.detail.order.id) ?? this.detail.order;
    const found = this.detail.clocks.find((/** @type {any} */ c) => c.kind === clock?.kind) ?? this.detail.clocks[0];
    if (found) openClock(this.detail, found, this.store.clock.now());
  }

  visit() {
    const { visit } = this.detail;
    if (!visit) return null;
    const now = this.store.clock.now();
    const times = facts([
      [t('console.drawer.departed'), visit.departed_ms && nearTime(visit.departed_ms, now)], [t('console.drawer.arrived'), visit.arrived_ms && nearTime(visit.arrived_ms, now)],
      [t('console.drawer.made_safe'), visit.made_safe_ms && `${nearTime(visit.made_safe_ms, now)} · ${word('made_safe', visit.made_safe_how)}`],
      [t('console.drawer.outcome'), visit.outcome && word('outcome', visit.outcome)],
    ]);
    const readings = visit.answers.filter((/** @type {any} */ a) => a.value).map((/** @type {any} */ a) =>
      el('li', {}, `${t('console.drawer.reading')} ${a.step.replaceAll('_', ' ')}`, el('b.num', {}, `${a.value} ${a.unit}`)));
    const list = readings.length ? el('ul.readings', {}, ...readings.slice(0, 12)) : null;
    return part(t('console.drawer.visit'), times, visit.answers.length ? el('p.muted', {}, t('console.drawer.answered', { count: visit.answers.length })) : null, list);
  }

  record() {
    const { record } = this.detail;
    if (!record) return null;
    return part(t('console.drawer.record'), el('p.record', {},
      el('a.button', { href: record.url, target: '_blank', data: { action: 'record' } }, t('console.drawer.open_record')),
      record.copy_url ? el('a', { href: record.copy_url, target: '_blank' }, t('console.drawer.open_copy')) : null,
      el('span.muted', {}, `${t('console.drawer.view_code')} `, el('b', {}, record.view_code))));
  }

  history() {
    const now = this.store.clock.now();
    const all = [...this.detail.history].reverse();
    const shown = this.wholeHistory ? all : all.slice(0, SHORT_HISTORY);
    const lines = shown.map((e) => el('li', {}, el('time', {}, nearTime(e.at_ms, now)), el('span', {}, e.text[language()], e.actor_name && e.actor_name !== 'system' ? el('small', {}, ` ${e.actor_name}`) : '')));
    const more = all.length > shown.length && el('button.quiet', { onclick: () => { this.wholeHistory = true; this.draw(); } }, t('console.drawer.show_all', { count: all.length }));
    return part(t('console.drawer.history'), el('ol.history', {}, ...lines), more);
  }

  foot() {
    const { order } = this.detail;
    const has = order.technician_id && order.assignment_state && order.assignment_state !== 'planned';
    const make = (/** @type {string} */ name, /** @type {string} */ text, key = '', kind = '') => el(`button${kind}`, { data: { action: name }, onclick: () => this.actions[name](order) }, text, key ? el('kbd', {}, key) : null);
    const buttons = [
      ASSIGN.has(order.state) && make('assign', t(has ? 'console.do.reassign' : 'console.do.assign'), 'A', '.primary'),
      RECALL.has(order.state) && has && make('recall', t('console.do.recall'), 'R'),
      RELEASE.has(order.state) && make('release', t('console.do.release')),
      LOCK.has(order.state) && order.priority !== 1 && make('move', t('console.drop.confirm'), 'M'),
      LOCK.has(order.state) && order.assignment_state === 'planned' && make('lock', t(order.is_kept ? 'console.lock.undo' : 'console.lock.do'), 'L'),
      HOLD.has(order.state) && make('hold', t('console.do.hold')),
      CANCEL.has(order.state) && make('cancel', t('console.do.cancel')),
      REOPEN.has(order.state) && make('reopen', t('console.do.reopen')),
    ].filter(Boolean);
    return el('footer.actions', {}, ...buttons);
  }
}

