// @ts-check
// Questions and complaints: an answer at hand, an answer promised, the call handed over, or a complaint with its unit.

import { get } from './api.js';
import { el } from './dom.js';
import { codes, fieldTime, language, t, toMs, word } from './i18n.js';
import { readGuide } from './intake_class.js';

const PAUSE_MS = 200;
const HOUR_MS = 3_600_000;
const OUTCOMES = ['answered', 'promised', 'transferred'];

/** @param {string} text @param {...any} inside */
const label = (text, ...inside) => el('label', {}, text, ...inside);
/** @param {string} name @param {string} table @param {string[]} values */
const choice = (name, table, values) => el('select', { name }, ...values.map((code) => el('option', { value: code }, word(table, code))));

export class TalkField {
  /** @param {() => number} now the server's time */
  constructor(now) {
    this.now = now;
    this.answerId = '';
    this.faq = el('input', { name: 'faq', type: 'search', maxlength: '80', autocomplete: 'off', oninput: () => this.later() });
    this.hits = el('div.faq', { id: 'faq-hits', 'aria-live': 'polite' });
    this.content = el('textarea', { name: 'content', maxlength: '4000', rows: '3' });
    this.reason = choice('reason', 'contact_reason', codes('contact_reason'));
    this.outcome = choice('outcome', 'contact_outcome', OUTCOMES);
    this.outcome.addEventListener('change', () => this.showParts());
    this.due = el('input', { name: 'due', type: 'datetime-local', value: fieldTime(now() + HOUR_MS) });
    this.to = el('input', { name: 'transferred_to', maxlength: '80', autocomplete: 'off' });
    this.note = el('input', { name: 'transfer_note', maxlength: '1000', autocomplete: 'off' });
    this.kind = choice('complaint_kind', 'complaint_kind', codes('complaint_kind'));
    this.severity = el('select', { name: 'severity' }, el('option', { value: '' }, t('console.hot.by_rule')), ...codes('severity').map((code) => el('option', { value: code }, word('severity', code))));
    this.unit = choice('unit', 'complaint_unit', codes('complaint_unit'));
    this.asking = el('div.asking', {}, label(t('console.hot.faq'), this.faq), this.hits);
    this.promised = el('div.pair', {}, label(t('console.hot.due'), this.due));
    this.handed = el('div.pair', {}, label(t('console.hot.transfer_to'), this.to), label(t('console.hot.transfer_note'), this.note));
    this.ending = el('div', {}, el('div.pair', {}, label(t('console.hot.reason'), this.reason), label(t('console.hot.outcome'), this.outcome)), this.promised, this.handed);
    this.complaint = el('div.triple', {}, label(t('console.hot.kind'), this.kind), label(t('console.hot.severity'), this.severity), label(t('console.hot.unit'), this.unit));
    this.root = el('fieldset.talk', { hidden: true }, el('legend', {}, t('console.hot.content')), this.asking, label(t('console.hot.content'), this.content), this.ending, this.complaint);
    void readGuide().then((found) => {
      for (const [select, values] of /** @type {[HTMLSelectElement, string[]][]} */ ([[this.kind, found.complaint.kinds], [this.unit, found.complaint.units]])) for (const option of [...select.options]) option.hidden = !values.includes(option.value);
    }).catch(() => null);
  }

  /** @param {string} name */
  show(name) {
    this.isComplaint = name === 'complaint';
    this.root.hidden = !(this.isComplaint || name === 'consultation');
    this.asking.hidden = this.ending.hidden = this.isComplaint;
    this.complaint.hidden = !this.isComplaint;
    this.showParts();
    if (name === 'consultation' && !this.hits.children.length) void this.search();
  }

  showParts() {
    this.promised.hidden = this.outcome.value !== 'promised';
    this.handed.hidden = this.outcome.value !== 'transferred';
  }

  focus() {
    (this.isComplaint ? this.content : this.faq).focus();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.search(), PAUSE_MS);
  }

  async search() {
    const asked = this.asked = Symbol('asked');
    const { items } = await get(`/api/v1/faq?query=${encodeURIComponent(this.faq.value.trim())}`).catch(() => ({ items: [] }));
    if (asked !== this.asked) return;
    this.hits.replaceChildren(...items.slice(0, 4).map((/** @type {any} */ one) => el('details', { name: 'faq-hit' }, el('summary', {}, one.question[language()]), el('p', {}, one.answer[language()]),
      el('button', { type: 'button', onclick: () => this.said(one) }, t('console.hot.faq_said')))));
    if (!items.length) this.hits.append(el('p.muted', {}, t('console.hot.faq_none')));
  }

  /** @param {any} one */
  said(one) {
    this.answerId = one.id;
    if (!this.content.value) this.content.value = one.question[language()];
    this.reason.value = codes('contact_reason').includes(one.topic) ? one.topic : 'other';
    this.outcome.value = 'answered';
    this.showParts();
    this.content.focus();
  }

  /** What is saved of a question or a complaint. */
  what() {
    const content = this.content.value.trim();
    if (this.isComplaint) return { content, outcome: 'complaint', complaint: { kind: this.kind.value, severity: this.severity.value, unit: this.unit.value } };
    const outcome = this.outcome.value;
    return {
      content, outcome, reason: this.reason.value, answer_id: this.answerId, reply_due_ms: outcome === 'promised' ? toMs(this.due.value) : null,
      transferred_to: outcome === 'transferred' ? this.to.value.trim() : '', transfer_note: outcome === 'transferred' ? this.note.value.trim() : '',
    };
  }
}
