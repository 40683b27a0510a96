// A ruler for a page as it stands: what sticks out, what is cut off, which controls lie on each other.
// The whole file is one function, so that the browser can be handed it as it is.
() => {
  const found = [];
  const say = (kind, node, more = '') => found.push({ kind, what: `${name(node)} ${more}`.trim() });
  const name = (n) => `${n.tagName.toLowerCase()}${n.id ? '#' + n.id : ''}${[...n.classList].map((c) => '.' + c).join('')}`
    + ` "${(n.innerText || n.value || n.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim().slice(0, 40)}"`;
  const root = document.documentElement;
  const layer = [...document.querySelectorAll('dialog[open], .intake')].pop() ?? document.body;
  if (root.scrollWidth > innerWidth + 1) say('page_too_wide', document.body, `${root.scrollWidth} of ${innerWidth} px`);
  const inLayer = (n) => layer === document.body || layer.contains(n);
  const skipped = '.sr-only, .maplibregl-canvas-container, .maplibregl-control-container, [hidden], .skeleton, script, style, noscript, svg *, option';
  const seen = (n) => {
    if (n.closest(skipped) || !n.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return null;
    let { left, top, right, bottom } = n.getBoundingClientRect();
    for (let up = n.parentElement; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
      const frame = up.getBoundingClientRect();
      if (style.overflowX !== 'visible') { left = Math.max(left, frame.left); right = Math.min(right, frame.right); }
      if (style.overflowY !== 'visible') { top = Math.max(top, frame.top); bottom = Math.min(bottom, frame.bottom); }
    }
    return right - left > 2 && bottom - top > 2 ? { left, top, right, bottom } : null;
  };
  const hasText = (n) => [...n.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  const nodes = [...layer.querySelectorAll('*')].filter((n) => inLayer(n) && seen(n));
  for (const n of nodes) {
    if (n.matches('#board .bar')) continue; // its text is whole or hidden below the frame (console.css)
    const style = getComputedStyle(n);
    const clips = ['hidden', 'clip'].includes(style.overflowX);
    if (clips && n.innerText?.trim() && n.scrollWidth > n.clientWidth + 1 && style.display !== 'inline') {
      if (style.textOverflow !== 'ellipsis') say('cut_off', n, `${n.scrollWidth} of ${n.clientWidth} px`);
      else if (n.matches('button, a, label, h1, h2, th, legend')) say('shortened', n, `${n.scrollWidth} of ${n.clientWidth} px`);
    }
    const isCutBelow = ['hidden', 'clip'].includes(style.overflowY) && n.scrollHeight > n.clientHeight + 3;
    if (isCutBelow && hasText(n) && style.webkitLineClamp === 'none') say('cut_below', n, `${n.scrollHeight} of ${n.clientHeight} px`);
    if (!clips && hasText(n) && style.display !== 'inline' && !n.closest('pre, .scroll')) {
      if (n.scrollWidth > n.clientWidth + 2 && n.clientWidth && style.overflowX === 'visible') say('runs_over', n, `${n.scrollWidth} of ${n.clientWidth} px`);
    }
    const box = n.getBoundingClientRect();
    if (n.matches('dialog, .intake, .drawer') && (box.bottom > innerHeight + 1 || box.right > innerWidth + 1 || box.left < -1)) say('off_screen', n);
  }
  const pinned = (n) => { for (let up = n; up; up = up.parentElement) if (['sticky', 'fixed'].includes(getComputedStyle(up).position)) return up; return null; };
  const controls = nodes.filter((n) => n.matches('button, a[href], select, textarea, summary, input:not([type=hidden])') && !n.closest('.seg, .choice, .bar, .toasts, li.row'));
  const boxes = controls.map((n) => [n, seen(n)]);
  for (let i = 0; i < boxes.length; i += 1) for (let j = i + 1; j < boxes.length; j += 1) {
    const [[a, p], [b, q]] = [boxes[i], boxes[j]];
    // What scrolls passes under what is pinned; that is no fault.
    if (a.contains(b) || b.contains(a) || pinned(a) !== pinned(b)) continue;
    const width = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const height = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (width <= 2 || height <= 2) continue;
    const middle = [(Math.max(p.left, q.left) + Math.min(p.right, q.right)) / 2, (Math.max(p.top, q.top) + Math.min(p.bottom, q.bottom)) / 2];
    const top = document.elementFromPoint(...middle);
    if (top && (a.contains(top) || b.contains(top))) say('overlap', a, `with ${name(b)} ${Math.round(width)}×${Math.round(height)} px`);
  }
  for (const text of ['«', 'undefined', 'NaN']) if (document.body.innerText.includes(text)) found.push({ kind: 'missing_text', what: text });
  return found;
}
