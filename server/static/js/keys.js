// @ts-check
// The keyboard: every action of the desk without a mouse, and a sheet that names the keys.

import { el, openDialog } from './dom.js';
import { t, word } from './i18n.js';
import { SHAPES } from './sla.js';

const CHAIN_MS = 1500;

/** Tell whether typing belongs to a field. @param {EventTarget|null} target */
const isField = (target) => target instanceof HTMLElement && (target.matches('input, select, textarea') || target.isContentEditable);

/** @param {Record<string, () => void>} act what each key does; `g m` is G, then M */
export function listen(act) {
  let chainedAt = -Infinity; // a page is young: zero would be less than a chain's time ago
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || document.querySelector('dialog[open]')) return;
    const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
    const isChained = performance.now() - chainedAt < CHAIN_MS;
    chainedAt = -Infinity;
    if (key === 'g' && !isChained) { chainedAt = performance.now(); return; }
    const name = isChained ? `g ${key}` : key;
    if (!act[name]) return;
    if (name === 'space' && event.target instanceof HTMLButtonElement) return;
    event.preventDefault();
    act[name]();
  });
}

export function openHelp() {
  const keys = [['A', 'assign'], ['W', 'why'], ['R', 'recall'], ['U', 'undo'], ['M', 'desk.move'], ['L', 'desk.lock'], ['X', 'desk.mark'], ['B', 'desk.bulk'], ['C', 'desk.clock'], ['T', 'desk.table'], ['N', 'new'], ['K', 'calls'], ['F', 'find'], ['V', 'coverage'], ['O', 'area'], ['D', 'distance'], ['G', 'go'], ['↑ ↓ ← →', 'move'], ['Enter', 'open'], ['Esc', 'back'], [t('console.help.space'), 'take'], ['?', 'help']];
  openDialog('help', t('console.help.title'), () => [
    el('dl.keys', {}, ...keys.flatMap(([key, name]) => [el('dt', {}, el('kbd', {}, key)), el('dd', {}, t(name.startsWith('desk.') ? `console.keys.${name.slice(5)}` : `console.help.${name}`))])),
    el('h3', {}, t('console.help.shapes')),
    el('ul.shapes', {}, ...[1, 2, 3, 4].map((p) => el('li', { data: { priority: String(p) } }, el('i', {}, SHAPES[p]), word('priority', p)))),
  ]);
}
