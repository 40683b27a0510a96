// @ts-check
// The console's HTTP: JSON in and out, the CSRF token, errors with the server's own text.

import { language, t } from './i18n.js';

/** An answer that says no: `code` for the program, `message` for the person. */
export class ApiError extends Error {
  /** @param {string} code @param {string} text @param {Record<string, any>} data @param {number} status */
  constructor(code, text, data, status) {
    super(text);
    this.code = code;
    this.data = data;
    this.status = status;
  }
}

const token = () => /** @type {HTMLMetaElement} */ (document.querySelector('meta[name=csrf-token]')).content;

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', ...options });
  } catch {
    throw new ApiError('offline', t('console.error.offline'), {}, 0);
  }
  if (answer.status === 401) location.assign('/sign-in');
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new ApiError(body.code ?? 'failed', body.text?.[language()] ?? t('console.error.failed'), body.data ?? {}, answer.status);
}

/** @param {string} path */
export const get = (path) => call(path);

/** @param {string} path @param {unknown} body */
export const post = (path, body) => call(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': token() },
  body: JSON.stringify(body),
});
