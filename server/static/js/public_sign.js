// The pad of the signing page: strokes in thousandths of the pad with their time, and pressure where a pen tells it.
"use strict";

(() => {
  const pad = document.getElementById("pad");
  const form = document.getElementById("sign");
  const ink = pad.getContext("2d");
  let strokes = [];
  let startedAt = 0;
  const open = new Map();

  const bound = (value) => Math.max(0, Math.min(1000, Math.round(value)));

  const pointOf = (event) => {
    const area = pad.getBoundingClientRect();
    const point = [
      bound((1000 * (event.clientX - area.left)) / area.width),
      bound((1000 * (event.clientY - area.top)) / area.height),
      Math.max(0, Math.round(event.timeStamp - startedAt)),
    ];
    // A mouse and most fingers report a constant: only a pen's pressure says something.
    return event.pointerType === "pen" ? [...point, bound(1000 * event.pressure)] : point;
  };

  const draw = (points) => {
    const [before, now] = points.slice(-2);
    if (!now) return;
    ink.beginPath();
    ink.moveTo(before[0], (before[1] * pad.height) / 1000);
    ink.lineTo(now[0], (now[1] * pad.height) / 1000);
    ink.stroke();
  };

  const begin = (event) => {
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    if (!strokes.length) startedAt = event.timeStamp;
    const stroke = { points: [pointOf(event)] };
    strokes.push(stroke);
    open.set(event.pointerId, stroke);
  };

  const move = (event) => {
    const stroke = open.get(event.pointerId);
    if (!stroke) return;
    stroke.points.push(pointOf(event));
    draw(stroke.points);
  };

  const clear = () => {
    strokes = [];
    open.clear();
    ink.clearRect(0, 0, pad.width, pad.height);
  };

  ink.lineWidth = 5;
  ink.lineCap = "round";
  ink.strokeStyle = getComputedStyle(pad).color;
  pad.addEventListener("pointerdown", begin);
  pad.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, (event) => open.delete(event.pointerId));
  document.getElementById("clear").addEventListener("click", clear);
  form.addEventListener("submit", () => {
    form.elements.strokes.value = JSON.stringify(strokes);
  });
})();
