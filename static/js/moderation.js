// A case before a moderator: keys, reasons that fill the box, and letting it go on the way out. Nothing needs this.
(() => {
  "use strict";

  const keys = document.getElementById("keys");
  const decide = document.getElementById("decide");
  const steps = document.getElementById("steps"); // posts to where the case is let go
  const LONGEST_GOODBYE = 2_000; // nobody who wants to go is held up longer
  let leaving = false; // by a form of this page, which lets the case go itself, or leads back here

  // The case is asked for when the page comes. Until that is answered it cannot be let go: the claim would come after.
  let answered = () => {};
  let asked = window.htmx && document.querySelector("#claims[hx-post]") && new Promise((told) => (answered = told));
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.detail.ctx.sourceElement?.id !== "claims") return;
    asked = null;
    answered();
  });
  const soon = (promise) => Promise.race([promise, new Promise((enough) => setTimeout(enough, LONGEST_GOODBYE))]);
  const isMine = () => document.querySelector("form[data-mine]");

  // What is sent without waiting for an answer, also while the page goes away.
  const letGo = () => {
    if (steps && (isMine() || asked) && !leaving) navigator.sendBeacon(steps.action, new FormData(steps));
  };

  // Who has signed out may let nothing go any more: it is done, and answered, before.
  const signOut = async (form) => {
    await soon(asked);
    const sent = { method: "POST", body: new FormData(steps), redirect: "manual", keepalive: true };
    if (isMine()) await soon(fetch(steps.action, sent).catch(() => {}));
    form.submit();
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
    const form = event.target;
    if (form.matches("form[data-signs-out]") && steps && (isMine() || asked)) {
      if (event.defaultPrevented) letGo(); // drafts are being saved, after which it is sent: time enough
      else signOut(form);
      event.preventDefault();
    } else if (form === steps && asked) {
      event.preventDefault();
      if (!leaving) soon(asked).then(() => ((asked = null), form.requestSubmit(event.submitter)));
    }
    leaving = form.method !== "dialog" && !form.hasAttribute("hx-post");
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
