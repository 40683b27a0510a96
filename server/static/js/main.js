// @ts-check
// The console's page: puts the parts together, one timer for all countdowns.

import { Alarm } from './alarm.js';
import { get } from './api.js';
import { Board } from './board.js';
import { Bulk } from './bulk.js';
import { openCalls } from './calls.js';
import { openClockOf } from './clockwork.js';
import { Commands } from './commands.js';
import { Drawer } from './detail.js';
import { openDevices } from './devices.js';
import { Drag } from './drag.js';
import { byId, setText, toast, toastError } from './dom.js';
import { fullTime, language, loadTexts, span, t } from './i18n.js';
import { Intake } from './intake.js';
import { listen, openHelp } from './keys.js';
import { Line } from './live.js';
import { LiveMap } from './map.js';
import { openMove } from './moving.js';
import { PlanLine } from './plan.js';
import { Queue } from './queue.js';
import { isUntakenLeak } from './sla.js';
import { Store } from './store.js';
import { Views } from './views.js';
import { Watch } from './watch.js';

const YEAR_S = 31_536_000;
const TICK_MS = 1000;
const AFTER_PAINT_MS = 100;
const store = new Store();

/** @param {string} name @param {string} value */
const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=lax`; };

async function start() {
  store.hasten();
  const me = await get('/api/v1/me');
  await loadTexts(me.time_zone);
  document.body.dataset.role = me.role;
  setText(byId('branch'), me.branch.name[language()] ?? '');
  const queue = new Queue(store);
  const board = new Board(store);
  const planLine = new PlanLine(store);
  const commands = new Commands(store);
  const drawer = new Drawer(store, commands.actions());
  const bulk = new Bulk(queue, commands);
  new Views(queue);
  new Drag(board, queue.list, (id, where) => { const order = store.orders.get(id); if (order) openMove(commands, order, where); });
  store.addEventListener('clock', (event) => void openClockOf(store, /** @type {CustomEvent} */ (event).detail));
  const map = new LiveMap(store, me.branch);
  // The row and the alarm are painted before the camera moves.
  const alarm = new Alarm(store, (leak) => setTimeout(() => map.show(leak), AFTER_PAINT_MS));
  new Watch(alarm);
  const intake = new Intake(store, map);
  store.addEventListener('summary', drawFigures);
  store.addEventListener('line', drawLine);
  store.addEventListener('resize', () => map.resize());
  wireHeader({ queue, map, intake });
  wireKeys({ queue, board, bulk, commands, drawer, map, alarm, intake });
  store.addEventListener('open', (event) => {
    const order = store.orders.get(/** @type {CustomEvent} */ (event).detail);
    if (order) map.show(order);
  });
  const line = new Line(store);
  byId('reconnect').addEventListener('click', () => line.retry());
  await Promise.allSettled([store.reload(), map.open()]);
  if (store.isLoaded) { queue.draw(); board.draw(); } // a key pressed from now on finds its line
  setInterval(() => { for (const part of [queue, board, planLine, drawer, alarm, map]) part.tick(); drawClock(); }, TICK_MS);
  store.keepFresh();
  document.body.dataset.ready = '1';
}

function drawClock() {
  setText(byId('clock'), fullTime(store.clock.now()));
  if (store.summary) drawFigures();
}

function drawFigures() {
  const { summary } = store;
  if (!summary) return;
  const wait = summary.longest_wait_s ? summary.longest_wait_s + (store.clock.now() - store.summaryAt) / 1000 : 0;
  const show = (/** @type {string} */ name, /** @type {string} */ text, /** @type {boolean} */ isHot) => {
    const figure = document.querySelector(`[data-figure=${name}]`);
    if (!(figure instanceof HTMLElement)) return;
    setText(/** @type {Element} */ (figure.querySelector('b')), text);
    figure.classList.toggle('hot', isHot);
  };
  show('open_leaks', String(summary.open_leaks), summary.open_leaks > 0);
  show('longest_wait', wait ? span(wait) : '–', wait > 1800);
  show('phones_online', `${summary.phones_online}/${summary.phones_total}`, false);
  show('at_risk', String(summary.promises_at_risk), summary.promises_at_risk > 0);
}

function drawLine() {
  const chip = byId('line');
  chip.dataset.state = store.line;
  setText(chip, t(`console.line_${store.line}`));
  const lost = byId('lost');
  lost.hidden = store.line !== 'down';
  if (!lost.hidden) setText(lost.firstElementChild, t('console.line_lost', { time: fullTime(store.clock.samples.at(-1)?.server ?? Date.now()) }));
}

/** @param {{queue: Queue, map: LiveMap, intake: Intake}} parts */
function wireHeader({ queue, map, intake }) {
  byId('new-report').addEventListener('click', () => intake.open());
  byId('open-help').addEventListener('click', openHelp);
  byId('open-calls').addEventListener('click', () => void openCalls(store));
  byId('open-phones').addEventListener('click', () => void openDevices(store));
  byId('language').addEventListener('click', () => { keep('language', language() === 'en' ? 'zh_CN' : 'en'); location.reload(); });
  byId('theme').addEventListener('click', () => {
    const theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    keep('theme', theme);
    map.restyle();
  });
  /** @type {Record<string, () => void>} */
  const reasons = {
    open_leaks: () => queue.choose('leaks'), at_risk: () => queue.choose('late'), phones_online: () => void openDevices(store),
    longest_wait: () => {
      const [first] = [...store.orders.values()].filter(isUntakenLeak).sort((a, b) => a.opened_ms - b.opened_ms);
      if (first) queue.open(first.id); else queue.choose('leaks');
    },
  };
  for (const figure of /** @type {any} */ (byId('figures').children)) figure.addEventListener('click', reasons[figure.dataset.figure]);
}

/** @param {{queue: Queue, board: Board, bulk: Bulk, commands: Commands, drawer: Drawer, map: LiveMap, alarm: Alarm, intake: Intake}} parts */
function wireKeys({ queue, board, bulk, commands, drawer, map, alarm, intake }) {
  const withOrder = (/** @type {(order: any) => void} */ act) => () => {
    const order = store.orders.get(store.selectedId ?? '');
    if (order) act(order); else toast(t('console.error.nothing_selected'));
  };
  listen({
    a: withOrder((order) => void commands.assign(order)),
    w: withOrder((order) => commands.actions().why(order)),
    r: withOrder((order) => commands.ask(order, 'recall')),
    u: () => void commands.undo(),
    m: withOrder((order) => commands.actions().move(order)),
    l: withOrder((order) => commands.actions().lock(order)),
    c: withOrder((order) => void openClockOf(store, order.id)),
    x: withOrder((order) => queue.flipMark(order.id)),
    b: () => bulk.open(),
    t: () => { board.showTables(!board.isTable); board.focus(); },
    n: () => intake.open(),
    v: () => byId('tool-coverage').click(),
    o: () => byId('tool-area').click(),
    d: () => byId('tool-measure').click(),
    f: () => byId('search').focus(),
    space: () => { alarm.take(); },
    '?': openHelp,
    escape: () => { if (map.tools.draw) map.tools.endDrawing(); else if (intake.isOpen) intake.close(); else if (drawer.isOpen) { drawer.close(); queue.focus(); } else store.select(null); },
    k: () => void openCalls(store),
    'g m': () => map.view?.getCanvas().focus(),
    'g b': () => board.focus(),
    'g q': () => queue.focus(),
    'g p': () => byId('plan-line').querySelector('button')?.focus(),
  });
}

start().catch(toastError);
