// The discussion of a paragraph, wherever it stands: forms that open in place, focus after an answer of the server,
// words that are not lost when the panel changes. Everything here also works as plain links and forms.
(() => {
  "use strict";

  const user = document.body.dataset.user || "";
  const unsent = (form) => `unsent:${user}:${form.getAttribute("action")}`;

  // Words typed and not sent outlive the panel: they come back when the same form is shown again in this tab.
  const keepWords = (event) => {
    const form = event.target.closest?.("form.composer");
    if (form && event.target.name === "body") sessionStorage.setItem(unsent(form), event.target.value);
  };

  const bringWordsBack = (root) => {
    for (const form of root.querySelectorAll("form.composer")) {
      const box = form.elements.body;
      if (box && !box.value) box.value = sessionStorage.getItem(unsent(form)) || "";
    }
  };

  const focusOn = (id, root = document) => {
    const found = root.querySelector(`#${CSS.escape(id)}`);
    const target = found?.matches("form") ? found.elements.body || found.querySelector("button") : found;
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: "nearest" });
  };

  // A link with data-opens brings its form to the comment it belongs to; a second time it closes it again.
  const open = async (link) => {
    const place = link.closest("article").querySelector(":scope > .opened");
    const already = place.dataset.from === link.getAttribute("href") && place.innerHTML;
    place.innerHTML = "";
    place.dataset.from = link.getAttribute("href");
    if (already) return;
    await htmx.ajax("GET", link.href, { target: place, swap: "innerHTML" });
    bringWordsBack(place);
    const form = place.querySelector("form");
    if (form?.id) focusOn(form.id, place);
  };

  const settle = () => {
    const discussion = document.getElementById("discussion");
    if (!discussion) return;
    const label = discussion.querySelector("template[data-label]");
    const button = label && document.getElementById(`said-${label.dataset.label}`);
    if (button) button.innerHTML = label.innerHTML;
    const focus = discussion.dataset.focus;
    if (!focus) return;
    discussion.dataset.focus = "";
    if (focus.startsWith("c-")) sent(discussion);
    focusOn(focus, discussion);
  };

  // The server has the comment: what the box still holds after the morph is let go.
  const sent = (discussion) => {
    for (const form of discussion.querySelectorAll("form.composer")) {
      for (const field of form.elements) if (field.defaultValue !== undefined) field.value = field.defaultValue;
      sessionStorage.removeItem(unsent(form));
    }
  };

  document.addEventListener("input", keepWords);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-opens]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form.composer");
    if (form) form.requestSubmit(form.querySelector("button.send"));
  });
  // An answer's own form is gone after it was sent, so its words are let go by its address.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!form?.matches?.("form.composer")) return;
    if (ctx.response.status === 200 && ctx.request.submitter?.name !== "preview") sessionStorage.removeItem(unsent(form));
  });
  document.addEventListener("htmx:after:swap", settle);
  document.addEventListener("htmx:error", (event) => {
    const line = event.detail.ctx?.sourceElement?.querySelector?.("[data-unreachable]");
    if (line) line.hidden = false;
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-signs-out]")) sessionStorage.clear();
    const line = event.target.querySelector("[data-unreachable]");
    if (line) line.hidden = true;
  });
  document.addEventListener("DOMContentLoaded", () => {
    bringWordsBack(document);
    const discussion = document.getElementById("discussion");
    const focus = discussion?.dataset.focus;
    if (focus) {
      discussion.dataset.focus = "";
      focusOn(focus, discussion);
    }
  });

  window.readingGroup = { bringWordsBack, focusOn };
})();
