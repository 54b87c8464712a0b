// Forms that are answered with a part of the page (data-part names it). What is no such part - a refusal, the way to
// the login, a proxy's error page - is not put in its place: it is said at the form, and the words stay.
(() => {
  "use strict";

  const say = (form, reason) => {
    const line = form.querySelector("[data-trouble]");
    line.hidden = false;
    line.textContent = reason || line.dataset.trouble;
    line.scrollIntoView({ block: "nearest" });
  };
  const reasonIn = (part) =>
    new DOMParser().parseFromString(part, "text/html").querySelector("[data-refusal]")?.textContent;

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!form?.matches?.("form[data-part]")) return;
    if (!ctx.hx.redirect && ctx.text.includes(`id="${form.dataset.part}"`)) return;
    event.preventDefault();
    say(form, ctx.hx.redirect ? form.querySelector("[data-signed-out]").dataset.signedOut : reasonIn(ctx.text));
  });
  document.addEventListener("htmx:error", (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (form?.matches?.("form[data-part]")) say(form);
  });
})();
