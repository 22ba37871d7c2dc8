/** Functions that run inside the measured page. Each is sent there as text, so it must not use anything outside itself. */

/** Runs before the page's own scripts. Records when the first rows were on screen, and until when the page was busy. */
export function watch(rows) {
  const seen = { rows: null, busyUntil: 0 };
  globalThis.seen = seen;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      seen.busyUntil = Math.max(seen.busyUntil, task.startTime + task.duration);
    }
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    if (!document.querySelector(rows)) requestAnimationFrame(look);
    // A task after the frame: by then the frame has been painted.
    else setTimeout(() => Object.assign(seen, { rows: performance.now() }));
  };
  requestAnimationFrame(look);
}

/** True once there are rows and half a second has passed without a task longer than 50 ms. */
export function settled() {
  const { rows, busyUntil } = globalThis.seen;
  return rows !== null && performance.now() - Math.max(rows, busyUntil) > 500;
}

/** Scrolls the rows back and forth, one wheel notch a frame. Returns the milliseconds between frames. */
export async function scroll([rows, count]) {
  const scrolls = (box) =>
    box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY);
  let box = document.querySelector(rows)?.parentElement;
  while (box && !scrolls(box)) box = box.parentElement;
  if (!box) return [];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const between = [];
  let by = 120;
  let last = await frame();
  while (between.length < count) {
    const before = box.scrollTop;
    box.scrollTop += by;
    if (box.scrollTop === before) by = -by;
    const now = await frame();
    between.push(now - last);
    last = now;
  }
  return between;
}
