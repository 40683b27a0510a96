// @ts-check
// The plan's line under the board: who made it, how old and how good it is, what it moved of the budget, whom to tell.

import { get, post } from './api.js';
import { openCrew } from './crew.js';
import { byId, el, openDialog, toast, toastError } from './dom.js';
import { clockTime, language, t, word } from './i18n.js';
import { openNotices } from './notices.js';
import { provenance } from './travel.js';
import { movedTable } from './why.js';

/** @typedef {import('./store.js').Store} Store */

const MINUTE_MS = 60_000;

export class PlanLine {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {HTMLElement} */ this.root = byId('plan-line');
    this.shown = '';
    store.addEventListener('plan', () => this.draw());
  }

  /** Draw again only when something on it has changed: a button under the pointer must stay. */
  draw() {
    const { plan } = this.store;
    if (!plan) return;
    const age = plan.planned_ms ? Math.max(0, Math.floor((this.store.clock.now() - plan.planned_ms) / MINUTE_MS)) : null;
    const shown = JSON.stringify([plan, age]);
    if (shown === this.shown) return;
    this.shown = shown;
    const focused = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.plan;
    this.root.replaceChildren(...this.parts(plan, age));
    if (focused) /** @type {HTMLElement|null} */ (this.root.querySelector(`[data-plan="${focused}"]`))?.focus();
  }

  /** @param {any} plan @param {number|null} age */
  parts(plan, age) {
    const engines = madeBy(plan).map((/** @type {string} */ name) => word('engine', name)).join(' + ');
    const undone = plan.undone_count;
    return [
      el('button.quiet', { data: { plan: 'detail' }, onclick: () => void openPlan(this.store) }, el('b', {}, t('console.plan.title')),
        age === null ? t('console.plan.none') : t('console.plan.age', { minutes: age })),
      engines ? el('span.engines', {}, engines) : null,
      el('span.gap', {}, gap(plan.quality)),
      plan.travel_quality ? provenance(plan.travel_quality) : null,
      el('button.quiet', { data: { plan: 'moved', over: plan.moved.count > plan.budget.max_moved ? '1' : null }, onclick: () => void openPlan(this.store) },
        t('console.plan.moved', { count: plan.moved.count, budget: plan.budget.max_moved })),
      undone ? el('button.quiet.hot', { data: { plan: 'undone' }, onclick: () => void openPlan(this.store) }, t('console.plan.undone', { count: undone })) : null,
      el(`button.quiet${plan.notices_open ? '.hot' : ''}`, { data: { plan: 'tell' }, onclick: () => void openNotices(this.store) }, t('console.plan.tell', { count: plan.notices_open })),
      el('button.quiet', { data: { plan: 'crew' }, onclick: () => void openCrew(this.store) }, t('console.crew.open')),
    ].filter(Boolean);
  }

  tick() {
    this.draw();
  }
}

/** Name the engines of the last whole run; an order placed since then was only inserted. @param {any} plan @returns {string[]} */
function madeBy(plan) {
  return plan.quality?.engines ?? plan.engines;
}

/** @param {any} quality */
function gap(quality) {
  // A bound of nothing says nothing: every plan costs more than that.
  if (!quality || quality.gap === null || quality.gap === undefined || !(quality.bound > 0)) return t('console.plan.no_bound');
  return t('console.plan.gap', { percent: (100 * quality.gap).toFixed(1) });
}

/** @param {Store} store */
export async function openPlan(store) {
  const body = el('div.plan-body', { 'aria-busy': 'true' }, el('div.list.skeleton'));
  const dialog = openDialog('plan', t('console.plan.dialog'), () => [body]);
  try {
    const plan = await get('/api/v1/plan');
    if (!dialog.isConnected) return;
    body.removeAttribute('aria-busy');
    body.replaceChildren(...[quality(plan), budgetForm(store, plan, dialog), movedPart(plan), undonePart(store, plan, dialog)].filter(Boolean));
  } catch (error) {
    dialog.close();
    toastError(error);
  }
}

/** @param {any} plan */
function quality(plan) {
  const engines = madeBy(plan).map((/** @type {string} */ name) => word('engine', name)).join(' + ') || '–';
  /** @type {[string, any][]} */
  const rows = [
    [t('console.plan.made'), plan.planned_ms ? clockTime(plan.planned_ms) : t('console.plan.none')],
    [t('console.plan.engines'), engines], [t('console.plan.quality'), gap(plan.quality)],
    [t('console.plan.source'), plan.travel_quality ? provenance(plan.travel_quality) : '–'],
  ];
  return el('dl.facts', {}, ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
}

/** @param {Store} store @param {any} plan @param {HTMLDialogElement} dialog */
function budgetForm(store, plan, dialog) {
  const { budget } = plan;
  const input = el('input', { id: 'budget', type: 'number', min: '0', max: '1000', step: '1', required: true, value: String(budget.max_moved), inputmode: 'numeric' });
  const by = budget.changed_by ? t('console.plan.budget_by', { name: budget.changed_by, time: clockTime(budget.changed_ms) }) : t('console.plan.budget_default');
  const save = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    try {
      const answer = await post('/api/v1/plan/budget', { ver: budget.ver, max_moved: Number(input.value) });
      store.takePlan(answer.plan);
      toast(t('console.plan.budget_done', { count: answer.plan.budget.max_moved }));
      dialog.close();
    } catch (error) {
      toastError(error);
    }
  };
  const isAgent = document.body.dataset.role === 'agent';
  return el('form.budget', { onsubmit: save }, el('label', { for: 'budget' }, t('console.plan.budget')), input,
    isAgent ? null : el('button.primary', {}, t('console.plan.budget_set')), el('p.muted', {}, by),
    plan.quality?.is_budget_bound ? el('p.flag', {}, t('console.plan.budget_used')) : null);
}

/** @param {any} plan */
function movedPart(plan) {
  const title = plan.moved.at_ms ? t('console.plan.last', { time: clockTime(plan.moved.at_ms), cause: word('notice_cause', plan.moved.cause) }) : '';
  return el('section', {}, title ? el('h3', {}, title) : null, movedTable(plan.moved_stops) ?? el('p.muted', {}, t('console.plan.moved_none')));
}

/** @param {Store} store @param {any} plan @param {HTMLDialogElement} dialog */
function undonePart(store, plan, dialog) {
  if (!plan.undone.length) return null;
  const open = (/** @type {string} */ id) => { dialog.close(); store.select(id); store.dispatchEvent(new CustomEvent('open', { detail: id })); };
  const rows = plan.undone.map((/** @type {any} */ one) => el('li', {}, el('button.quiet', { onclick: () => open(one.work_order_id) }, el('b', {}, one.number), el('span', {}, one.reason[language()]))));
  return el('section', {}, el('h3', {}, t('console.plan.undone', { count: plan.undone.length })), el('ul.plain', {}, ...rows));
}
