// @ts-check
// Texts by dotted key, times and durations in the branch's time zone.

/** @type {Record<string, string>} */
let table = {};
let timeZone = 'UTC';
/** @type {Intl.DateTimeFormat} */ let minuteFormat;
/** @type {Intl.DateTimeFormat} */ let secondFormat;
/** @type {Intl.DateTimeFormat} */ let dayFormat;

/** @returns {'zh_CN'|'en'} the language of the page */
export const language = () => (document.documentElement.dataset.language === 'en' ? 'en' : 'zh_CN');

/** Read the texts of the page's language. @param {string} zone IANA time zone of the branch */
export async function loadTexts(zone) {
  timeZone = zone || 'UTC';
  const locale = language() === 'en' ? 'en-GB' : 'zh-CN';
  const clock = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  minuteFormat = new Intl.DateTimeFormat(locale, /** @type {any} */ (clock));
  secondFormat = new Intl.DateTimeFormat(locale, /** @type {any} */ ({ ...clock, second: '2-digit' }));
  dayFormat = new Intl.DateTimeFormat(locale, /** @type {any} */ ({ ...clock, month: 'short', day: 'numeric' }));
  const answer = await fetch(`/api/v1/texts/${language()}.json`);
  table = await answer.json();
}

/** @param {string} key @param {Record<string, unknown>} [data] @returns {string} */
export function t(key, data = {}) {
  const template = table[key];
  if (template === undefined) return `«${key}»`;
  return template.replace(/\{(\w+)\}/g, (whole, name) => String(data[name] ?? whole));
}

/** Return a word of a table, or the code itself when the catalog does not know it. @param {string} group @param {unknown} code */
export const word = (group, code) => table[`${group}.${code}`] ?? String(code ?? '');

/** List the codes of a table in the order of the catalog. @param {string} group */
export function codes(group) {
  const start = `${group}.`;
  return Object.keys(table).filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
}

/** @param {number|null|undefined} ms Unix milliseconds @returns {string} HH:MM */
export const clockTime = (ms) => (ms ? minuteFormat.format(ms) : '–');
/** @param {number} ms @returns {string} HH:MM:SS */
export const fullTime = (ms) => secondFormat.format(ms);
/** Return time, with the day when it is another one. @param {number|null|undefined} ms @param {number} nowMs */
export function nearTime(ms, nowMs) {
  if (!ms) return '–';
  return Math.abs(ms - nowMs) < 43_200_000 ? minuteFormat.format(ms) : dayFormat.format(ms);
}

/** Show a span: m:ss or h:mm:ss below an hour and a half, else h:mm, days beyond two. @param {number} seconds */
export function span(seconds) {
  const all = Math.floor(Math.abs(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor((all % 3600) / 60);
  if (all < 3600) return `${minutes}:${two(all % 60)}`;
  if (hours < 48) return `${hours}:${two(minutes)}`;
  return t('console.days', { count: Math.floor(hours / 24) });
}

/** Milliseconds since midnight of the branch's day. @param {number} ms */
export function sinceMidnight(ms) {
  const [h, m, s] = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
    .format(ms).split(':').map(Number);
  return ((h * 60 + m) * 60 + s) * 1000;
}

const DAY_MS = 86_400_000;

/** Read what was typed as a time of the company's zone, whatever zone this computer keeps. @param {string} text @returns {number|null} */
export function toMs(text) {
  if (!text) return null;
  const asUtc = Date.parse(`${text}Z`);
  const ahead = (((sinceMidnight(asUtc) - (asUtc % DAY_MS)) % DAY_MS) + DAY_MS) % DAY_MS;
  return asUtc - (ahead > DAY_MS / 2 + 2 * 3_600_000 ? ahead - DAY_MS : ahead);
}

/** Write a moment as a `datetime-local` field wants it, in the company's zone. @param {number|null|undefined} ms */
export function fieldTime(ms) {
  if (!ms) return '';
  const shape = /** @type {any} */ ({ timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return new Intl.DateTimeFormat('sv-SE', shape).format(ms).replace(' ', 'T');
}
