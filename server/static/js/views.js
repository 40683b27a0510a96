// @ts-check
// The queue's finer filters and everybody's own saved views.

import { get, post } from './api.js';
import { byId, el, openDialog, toast, toastError } from './dom.js';
import { t, word } from './i18n.js';
import { SHAPES } from './sla.js';

/** @typedef {import('./queue.js').Queue} Queue */

export class Views {
  /** @param {Queue} queue */
  constructor(queue) {
    this.queue = queue;
    /** @type {{name: string, query: any}[]} */ this.items = [];
    this.name = '';
    this.shapes = [1, 2, 3, 4].map((p) => el('button.shape-filter', {
      data: { priority: String(p) }, 'aria-pressed': 'false', title: word('priority', p), 'aria-label': word('priority', p), onclick: () => queue.flipPriority(p),
    }, el('i.shape', { 'aria-hidden': 'true' }, SHAPES[p])));
    this.select = el('select', { id: 'view', 'aria-label': t('console.views.label'), onchange: () => this.choose() });
    this.save = el('button.quiet', { data: { action: 'save-view' }, title: t('console.views.save'), 'aria-label': t('console.views.save'), onclick: () => this.ask() }, '+');
    this.forget = el('button.quiet', { data: { action: 'forget-view' }, hidden: true, title: t('console.views.forget'), 'aria-label': t('console.views.forget'), onclick: () => void this.drop() }, '−');
    byId('views').append(...this.shapes, this.select, this.save, this.forget);
    queue.store.addEventListener('view', () => this.drawShapes());
    void this.read().catch(toastError);
  }

  async read() {
    this.take((await get('/api/v1/queue-views')).items);
  }

  /** @param {{name: string, query: any}[]} items */
  take(items) {
    this.items = items;
    if (!items.some((one) => one.name === this.name)) this.name = '';
    this.select.replaceChildren(...[{ name: '' }, ...items].map(({ name }) => el('option', { value: name, selected: name === this.name }, name || t('console.views.none'))));
    this.forget.hidden = !this.name;
  }

  choose() {
    this.name = this.select.value;
    this.forget.hidden = !this.name;
    const found = this.items.find((one) => one.name === this.name);
    this.queue.view = found?.query ?? { filter: 'all', text: '', priorities: [] };
  }

  drawShapes() {
    for (const shape of this.shapes) shape.setAttribute('aria-pressed', String(this.queue.priorities.has(Number(shape.dataset.priority))));
  }

  ask() {
    openDialog('promise', t('console.views.save'), (dialog) => {
      const name = el('input', { name: 'name', maxlength: '40', required: true, autocomplete: 'off', value: this.name });
      const keep = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        dialog.close();
        this.name = name.value.trim();
        await this.send('/api/v1/queue-views', { name: this.name, query: this.queue.view }, t('console.views.saved', { name: this.name }));
      };
      return [el('form.fields', { onsubmit: keep }, el('label.field', {}, el('span', {}, t('console.views.name')), name), el('footer', {}, el('button.primary', {}, t('console.views.save'))))];
    });
  }

  async drop() {
    const { name } = this;
    await this.send('/api/v1/queue-views/forget', { name }, t('console.views.forgotten', { name }));
  }

  /** @param {string} path @param {any} body @param {string} done */
  async send(path, body, done) {
    try {
      this.take((await post(path, body)).items);
      toast(done);
    } catch (error) {
      toastError(error);
    }
  }
}
