// Watches a page from outside: batches of positions as they come, long frames, when rows of the queue come to stand.
(() => {
  const probe = { batches: [], gaps: [], frames: [], rows: {} };
  window.consoleProbe = probe;
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...told) {
      super(...told);
      this.addEventListener('message', (event) => {
        if (typeof event.data === 'string' && event.data.startsWith('42["positions"')) probe.batches.push(event.data.length);
      });
    }
  };
  // Asking for every frame costs script too: it is done only while frames are what is measured.
  let last = 0;
  const beat = (now) => {
    if (last) probe.gaps.push(now - last);
    last = probe.isBeating ? now : 0;
    if (probe.isBeating) requestAnimationFrame(beat);
  };
  probe.begin = (isBeating) => {
    probe.batches.length = probe.gaps.length = probe.frames.length = 0;
    probe.isBeating = isBeating;
    if (isBeating) requestAnimationFrame(beat);
  };
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) probe.frames.push(entry.duration); }).observe({ type: 'long-animation-frame' });
  // An order is on the screen when its row and the alarm stand in the page and the frame after that was painted.
  probe.watch = () => {
    const note = () => {
      const isAlarming = document.querySelector('#alarm')?.hidden === false;
      for (const row of document.querySelectorAll('#rows .row[data-priority="1"]')) {
        if (row.dataset.id in probe.rows || !isAlarming) continue;
        probe.rows[row.dataset.id] = 0;
        requestAnimationFrame(() => setTimeout(() => { probe.rows[row.dataset.id] = Date.now(); }));
      }
    };
    const eye = new MutationObserver(note);
    for (const id of ['rows', 'alarm']) eye.observe(document.getElementById(id), { childList: true, attributes: true });
    note();
  };
})();
