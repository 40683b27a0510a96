// @ts-check
// What a contact is about comes first (IN-01): four classes on the keys 1 to 4, channel, rings, phrases at hand.

import { get } from './api.js';
import { el, setText } from './dom.js';
import { language, t, word } from './i18n.js';

export const CLASSES = ['alarm', 'repair', 'consultation', 'complaint'];
/** @type {Promise<any>|null} */ let guide = null;

/** Read once what the page offers: channels, targets, phrases. @returns {Promise<any>} */
export const readGuide = () => (guide ??= get('/api/v1/contacts/guide').catch((error) => { guide = null; throw error; }));

/** Tell whether digits belong to a field in which somebody types. @param {EventTarget|null} target */
const isTyping = (target) => target instanceof HTMLElement && target.matches('textarea, input:not([type=radio]):not([type=checkbox])');

export class ClassField {
  /** @param {(name: string) => void} onPick */
  constructor(onPick) {
    this.onPick = onPick;
    this.value = CLASSES[0];
    this.figures = el('span.kpi', { id: 'intake-kpi', role: 'status' });
    this.sorry = el('p.sorry', { role: 'alert', hidden: true }, t('console.hot.say_sorry'));
    this.rings = el('input', { name: 'rings', type: 'number', min: '0', max: '99', inputmode: 'numeric', 'aria-describedby': 'rings-hint', oninput: () => this.judgeRings() });
    this.ringsHint = el('small.muted', { id: 'rings-hint' });
    this.channel = el('select', { name: 'channel' }, el('option', { value: 'phone' }, word('channel', 'phone')));
    this.phrases = el('div.phrases');
    this.root = el('fieldset.class', {}, el('legend', {}, t('console.hot.class'), ' ', el('small.muted', {}, t('console.hot.class_hint'))),
      el('div.class-row', {}, el('div.segs', { role: 'radiogroup', 'aria-label': t('console.hot.class') }, ...CLASSES.map((name, i) => this.choice(name, i))),
        el('label', {}, t('console.hot.channel'), this.channel), el('label', {}, t('console.hot.rings'), this.rings), this.ringsHint),
      this.sorry, el('details.scripts', {}, el('summary', {}, t('console.hot.scripts')), this.phrases));
    void this.fill();
  }

  /** @param {string} name @param {number} i */
  choice(name, i) {
    return el('label.seg', {}, el('input', { type: 'radio', name: 'contact_class', value: name, checked: i === 0, onchange: () => this.pick(name, false) }),
      el('span', {}, el('kbd', { 'aria-hidden': 'true' }, String(i + 1)), ' ', word('contact_class', name)));
  }

  async fill() {
    const found = await readGuide().catch(() => null);
    if (!found) return;
    this.rules = found.rules;
    this.channel.replaceChildren(...found.rules.channels.map((/** @type {string} */ code) => el('option', { value: code }, word('channel', code))));
    setText(this.ringsHint, t('console.hot.rings_hint', { count: found.rules.rings_target, sorry: found.rules.rings_apology }));
    const [least, most] = found.rules.speech_chars_min;
    this.phrases.replaceChildren(el('p.muted', {}, t('console.hot.pace', { least, most })), ...found.scripts.map((/** @type {any} */ one) => el('section', {}, el('h4', {}, word('script', one.id)),
      ...one.say.map((/** @type {any} */ text) => el('p.say', {}, el('b', {}, t('console.hot.say')), ' ', text[language()])),
      ...one.never.map((/** @type {any} */ text) => el('p.never', {}, el('b', {}, t('console.hot.never')), ' ', text[language()])))));
    void this.showFigures();
  }

  async showFigures() {
    const found = await get('/api/v1/contacts/figures').catch(() => null);
    if (found) setText(this.figures, figuresText(found));
  }

  judgeRings() {
    this.sorry.hidden = !(this.rules && Number(this.rings.value) >= this.rules.rings_apology);
  }

  /** Pick by the keys 1 to 4, unless somebody types. @param {KeyboardEvent} event */
  key(event) {
    const name = CLASSES[Number(event.key) - 1];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return false;
    event.preventDefault();
    this.pick(name, true);
    return true;
  }

  /** @param {string} name @param {boolean} isByKey the focus goes on to what is asked first */
  pick(name, isByKey) {
    this.value = name;
    const input = /** @type {HTMLInputElement} */ (this.root.querySelector(`[value=${name}]`));
    input.checked = true;
    this.onPick(name);
    if (isByKey) this.root.dispatchEvent(new CustomEvent('picked', { detail: name }));
  }

  focus() {
    /** @type {HTMLElement|null} */ (this.root.querySelector('input:checked'))?.focus();
  }

  /** What a contact says about how it came. */
  how() {
    return { contact_class: this.value, channel: this.channel.value || 'phone', rings: this.rings.value === '' ? null : Number(this.rings.value) };
  }
}

/** One line: how many of today's timed calls were answered in time. @param {any} found */
export function figuresText(found) {
  const parts = found.channels.filter((/** @type {any} */ one) => one.timed).map((/** @type {any} */ one) => `${word('channel', one.channel)} ${t('console.hot.today_of', one)}`);
  return `${t('console.hot.today')}: ${parts.length ? parts.join(' · ') : t('console.hot.today_none')}`;
}
