// The discussion of a paragraph, wherever it stands: forms that open in place, focus after an answer of the server.
// Everything here also works as plain links and forms. Words that are not sent yet are composer.js' business.
(() => {
  "use strict";

  const user = document.body.dataset.user || "";

  const focusOn = (id, root = document) => {
    const found = root.querySelector(`#${CSS.escape(id)}`);
    found?.classList.remove("small"); // a composer that was minimised
    const target = found?.matches("form") ? found.elements.body || found.querySelector("button") : found;
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: "nearest" });
  };

  // Milliseconds since 1970, on a clock that another page of this tab reads as well.
  const moment = () => performance.timeOrigin + performance.now();

  // A part of a page. A login that has expired leads to the login page; any other refusal is an error that says why.
  const fetchPart = async (href, options) => {
    readingGroup.asked = moment();
    const answer = await fetch(href, { headers: { "HX-Request": "true" }, ...options });
    const part = await answer.text();
    const login = answer.headers.get("HX-Redirect");
    if (login) location.assign(login);
    if (!answer.ok || login) throw Object.assign(new Error("refused"), { reason: reasonIn(part) });
    return part;
  };

  // What our own server says about a refusal; nothing where the answer is somebody else's, a proxy's say.
  const reasonIn = (part) =>
    new DOMParser().parseFromString(part, "text/html").querySelector("[data-refusal]")?.textContent;

  // What went wrong is said at the form. The discussion stays, and so do the words in the box.
  const sayTrouble = (form, reason) => {
    const line = form.querySelector("[data-trouble]");
    if (!line) return;
    line.hidden = false;
    line.textContent = reason || line.dataset.trouble;
    line.scrollIntoView({ block: "nearest" });
  };

  // A link with data-opens brings its form to the comment it belongs to; a second time it closes it again.
  const open = async (link) => {
    const place = link.closest("article, section").querySelector(":scope > .opened");
    const already = place.dataset.from === link.getAttribute("href") && place.innerHTML;
    place.innerHTML = "";
    place.dataset.from = link.getAttribute("href");
    if (already) return;
    try {
      place.innerHTML = await fetchPart(link.href);
    } catch ({ reason }) {
      place.dataset.from = "";
      const line = document.querySelector("#composer [data-trouble]");
      if (!line) return location.assign(link.href);
      place.append(line.cloneNode());
      sayTrouble(place, reason);
      return;
    }
    window.htmx?.process(place);
    readingGroup.later();
    readingGroup.bringWordsBack(place);
    const form = place.querySelector("form");
    if (form?.id) focusOn(form.id, place);
  };

  // Whoever signs out is told nothing more on this device, and what was shown is put away. The server knows it anyway.
  const beSilent = async () => {
    const worker = await navigator.serviceWorker?.getRegistration();
    const subscribed = worker?.pushManager.getSubscription();
    for (const shown of (await worker?.getNotifications()) ?? []) shown.close();
    (await subscribed)?.unsubscribe();
  };

  const settle = () => {
    const discussion = document.getElementById("discussion");
    if (!discussion) return;
    const label = discussion.querySelector("template[data-label]");
    const button = label && document.getElementById(label.dataset.label)?.querySelector(".said");
    if (button) button.innerHTML = label.innerHTML;
    readingGroup.bringWordsBack(discussion);
    const focus = discussion.dataset.focus;
    if (!focus) return;
    discussion.dataset.focus = "";
    focusOn(focus, discussion);
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-opens]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link);
  });
  // The box comes up where one reads (composer.js), and what one reads stays where it is.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("a[data-writes]") || !document.documentElement.classList.contains("docks")) return;
    event.preventDefault();
    const form = document.getElementById("composer");
    form.classList.remove("small");
    form.elements.body.focus({ preventScroll: true });
    if (form.getBoundingClientRect().bottom > innerHeight + 1) form.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form.composer");
    const send = form?.querySelector("button.send");
    if (send && !send.disabled) form.requestSubmit(send);
  });
  // What is no discussion (a refusal, a proxy's error page) is not put in its place.
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!form?.matches?.("form.composer")) return;
    if (!ctx.hx.redirect && !ctx.text.includes('id="discussion"')) {
      event.preventDefault();
      sayTrouble(form, reasonIn(ctx.text));
    } else if (ctx.response.status === 200 && !ctx.request.submitter?.name) {
      readingGroup.letGo(form, ctx.request.body?.get?.("body"));
    }
  });
  document.addEventListener("htmx:before:request", () => (readingGroup.asked = moment()));
  document.addEventListener("htmx:after:swap", settle);
  document.addEventListener("htmx:error", (event) => {
    const form = event.detail.ctx?.sourceElement;
    if (form?.matches?.("form.composer")) sayTrouble(form);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-signs-out]")) {
      sessionStorage.clear();
      beSilent().catch(() => {});
    }
    const line = event.target.querySelector("[data-trouble]");
    if (line) line.hidden = true;
  });
  document.addEventListener("DOMContentLoaded", () => {
    const discussion = document.getElementById("discussion");
    const focus = discussion?.dataset.focus;
    if (focus) {
      discussion.dataset.focus = "";
      focusOn(focus, discussion);
    }
  });

  // Back does not bring a page out of the browser's memory that somebody sees who has signed out since, or in anew.
  const who = () => sessionStorage.getItem("who") || "";
  const sayWho = () => (user ? sessionStorage.setItem("who", user) : sessionStorage.removeItem("who"));
  sayWho();
  addEventListener("pageshow", (event) => {
    if (!event.persisted || who() === user) return;
    document.documentElement.hidden = true;
    location.reload();
  });

  // A paragraph that was opened beside the text and then reloaded as a page: Back changes only the address there.
  const path = location.pathname;
  addEventListener("popstate", () => {
    if (!document.querySelector(".desk") && location.pathname !== path) location.reload();
  });

  // Words are on this device with each key, also before the script is there that brings them to the server (composer.js
  // takes up what waits): on a slow line somebody writes and closes the discussion sooner.
  const fieldsOf = (form) => ({
    body: form.elements.body.value,
    quotes: [...form.querySelectorAll("input[name=quote]")].filter((input) => input.type === "hidden" || input.checked).map((input) => input.value),
    sequence: Number(form.elements.sequence?.value) || 0,
    wording: form.elements.wording?.value,
    key: form.elements.key?.value,
  });
  const keep = (form) => localStorage.setItem(`draft:${user}:${form.getAttribute("action")}`, JSON.stringify(fieldsOf(form)));
  document.addEventListener("input", (event) => {
    const form = user && event.target.name === "body" && event.target.closest("form.composer");
    if (form && form.querySelector("[name=draft]")) keep(form);
  });

  // What only writing needs (<body data-later>) is loaded when it comes into sight: the first page is there sooner. htmx is
  // a part of it where a page is mostly read; it takes up by itself what stands there when it comes.
  const scripts = (document.body.dataset.later ?? "").split(" ").filter(Boolean);
  const load = (src) =>
    new Promise((done) => {
      const fail = () => done(scripts.push(src)); // once more when it is needed again
      document.head.append(Object.assign(document.createElement("script"), { src, async: false, onload: done, onerror: fail }));
    });
  let coming = null;
  const bringScripts = () => (coming = Promise.all([coming, ...scripts.splice(0).map(load)]));
  const later = () => user && bringScripts(); // a visitor writes nothing
  // And where words wait on this device to be sent to the server (composer.js).
  const waits = () => user && Object.keys(localStorage).some((name) => name.startsWith(`draft:${user}:`));
  document.addEventListener("DOMContentLoaded", () => (document.querySelector("form.composer") || waits()) && later());
  document.addEventListener("selectionchange", later, { once: true });

  const nothing = () => {}; // until composer.js is there
  // `asked`: when the server was asked for what is shown last, at first for the page.
  window.readingGroup = { bringWordsBack: nothing, letGo: nothing, fetchPart, fieldsOf, focusOn, keep, later, bringScripts, moment, asked: performance.timeOrigin };
})();
