// The page from which a session is run: it asks whether the session has gone on, and tells how much time is left.
// What one is writing stays, also when the others are further on. Without this script a link leads to where it is.
(() => {
  "use strict";

  const column = document.querySelector("[data-run]");
  const running = () => document.getElementById("running");
  const taking = () => document.getElementById("taking");
  let beat = null;

  const isWriting = () =>
    taking().contains(document.activeElement) ||
    [...taking().querySelectorAll("textarea, input:not([type=hidden])")].some((box) => box.value !== box.defaultValue);

  // With the forms of an item that is past and in which nothing is written, those of the item of now are asked for.
  const ask = async () => {
    const isBehind = taking().dataset.item !== running().dataset.item && !isWriting();
    const query = isWriting() ? "" : `?taking=${taking().dataset.item}`;
    const headers = isBehind ? {} : { "If-None-Match": running().dataset.tag };
    await htmx.ajax("GET", `${column.dataset.run}${query}`, { target: "#running", swap: "outerMorph", headers });
  };

  // What is no such page (nothing new, a refusal, the way to the login) changes nothing here.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement?.id === "running" && !ctx.text.includes('id="running"')) event.preventDefault();
  });

  const next = () => {
    clearTimeout(beat);
    beat = setTimeout(pulse, column.dataset.every * 1000);
  };

  const pulse = async () => {
    if (!document.hidden) await ask().catch(() => {}); // the next one asks again
    next();
  };

  // By the server's clock: this one may be wrong. It is set once by each answer, which says when it was made.
  let behind = 0;
  let told = "";
  const setClock = () => {
    const { now } = running().dataset;
    if (now && now !== told) behind = Date.now() - Date.parse(now);
    told = now;
  };
  const tick = () => {
    const line = document.getElementById("time-left");
    const { until } = running().dataset;
    if (!line || !until) return;
    const minutes = Math.ceil((Date.parse(until) + behind - Date.now()) / 60000);
    const words = `${Math.abs(minutes)} ${minutes < 0 ? line.dataset.over : line.dataset.left}`;
    if (line.textContent !== words) line.textContent = words;
  };

  document.addEventListener("htmx:after:swap", () => {
    setClock();
    tick();
  });
  document.addEventListener("visibilitychange", () => document.hidden || pulse());
  setClock();
  tick();
  setInterval(tick, 5000);
  next();
})();
