// A case before a moderator: keys, reasons that fill the box, and letting it go on the way out. Nothing needs this.
(() => {
  "use strict";

  const keys = document.getElementById("keys");
  const decide = document.getElementById("decide");
  let leaving = false; // by a form of this page, which lets the case go itself, or leads back here

  // What a form sends without waiting for an answer, also while the page goes away.
  const letGo = () => {
    const mine = document.querySelector("form[data-mine]");
    if (mine && !leaving) navigator.sendBeacon(mine.action, new FormData(mine));
  };

  // The words of a reason are put before what is typed already; chosen again, they are put there again.
  document.addEventListener("change", (event) => {
    const chosen = event.target.selectedOptions?.[0];
    const box = event.target.form?.elements.words;
    if (!chosen?.dataset.fills || !box) return;
    box.value = [chosen.dataset.fills, box.value].filter(Boolean).join("\n\n");
    event.target.value = "";
    box.focus();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-signs-out]")) letGo();
    leaving = event.target.method !== "dialog" && !event.target.hasAttribute("hx-post");
  });
  addEventListener("pagehide", letGo);
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  const press = (key) => document.querySelector(`button[data-key="${key}"]:enabled`)?.click();
  const acts = {
    j: () => press("j"),
    k: () => press("k"),
    d: () => decide?.querySelector("input:not([type=hidden])")?.focus(),
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (!keys || keys.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select")) return;
    if (document.documentElement.dataset.keys === "off" || !Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  });
  document.querySelector("button[data-keys]")?.addEventListener("click", () => keys.showModal());
})();
