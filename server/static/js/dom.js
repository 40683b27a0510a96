// @ts-check
// Small helpers for the page: elements without HTML strings, dialogs, toasts.

import { ApiError } from './api.js';
import { t } from './i18n.js';

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element. A key that starts with `on` is a listener, `data` a set of data-attributes; text never becomes HTML.
 * @param {string} tag tag.class.class @param {Record<string, any>} [props] @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(props)) put(node, key, value);
  for (const child of children) if (child || child === '') node.append(child);
  return node;
}

/** @param {HTMLElement} node @param {string} key @param {any} value */
function put(node, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
  else if (key === 'data') {
    // An empty value means no attribute: dataset would write the word "null", which styles then match.
    for (const [name, one] of Object.entries(value)) if (one !== null && one !== undefined && one !== false) node.dataset[name] = String(one);
  }
  else if (key === 'style') for (const [name, one] of Object.entries(value)) node.style.setProperty(name, String(one));
  else node.setAttribute(key, value === true ? '' : String(value));
}

/** Write text only when it differs: no needless layout. @param {Element} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {string} text @param {'info'|'error'} [kind] */
export function toast(text, kind = 'info') {
  const note = el(`p.toast.${kind}`, { role: kind === 'error' ? 'alert' : 'status' }, text);
  byId('toasts').append(note);
  setTimeout(() => note.remove(), kind === 'error' ? 9000 : 5000);
}

/** Show what went wrong in the person's language; a fault of the page's own is for its log. @param {unknown} error */
export function toastError(error) {
  const isSaid = error instanceof ApiError;
  if (!isSaid) console.error(error);
  toast(isSaid ? error.message : t('console.error.failed'), 'error');
}

/**
 * Open a modal dialog; Esc backs out, focus returns to where it was.
 * @param {string} name @param {string} title @param {(dialog: HTMLDialogElement) => (Node|string|null|false)[]} fill
 */
export function openDialog(name, title, fill) {
  document.querySelector('dialog')?.remove();
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  const dialog = el(`dialog.dialog.${name}`, { 'aria-label': title });
  const close = el('button.quiet.icon', { 'aria-label': t('console.drawer.close'), onclick: () => dialog.close() }, '×');
  dialog.append(el('header', {}, el('h2', {}, title), close), ...fill(dialog).filter(Boolean));
  dialog.addEventListener('close', () => { dialog.remove(); if (before?.isConnected) before.focus(); });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Return a way to ask for a redraw that waits while the pointer is down: a button replaced between press and release
 * would never be clicked.
 * @param {HTMLElement} root @param {() => void} draw @param {number} pauseMs at most one drawing in this time
 */
export function calmly(root, draw, pauseMs) {
  let isDown = false;
  let isWanted = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ let timer;
  const now = () => {
    timer = undefined;
    isWanted = isDown;
    if (!isDown) draw();
  };
  root.addEventListener('pointerdown', () => { isDown = true; });
  addEventListener('pointerup', () => setTimeout(() => {
    isDown = false;
    if (isWanted) now();
  }));
  return () => { timer ??= setTimeout(now, pauseMs); };
}

/** Move the focus among siblings with the arrow keys. @param {KeyboardEvent} event @param {HTMLElement[]} items */
export function rove(event, items) {
  const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, Home: -items.length, End: items.length });
  if (!(event.key in steps) || !items.length) return null;
  event.preventDefault();
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = items[Math.max(0, Math.min(items.length - 1, at + steps[event.key]))];
  next.focus();
  return next;
}
