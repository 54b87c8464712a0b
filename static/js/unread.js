// What is new: comments that come into view are marked as read, every few seconds a page that is looked at asks what has
// changed, and tells it without moving anything. Without this script there are buttons and links for the same.
(() => {
  "use strict";

  const discussion = () => document.getElementById("discussion");
  const unread = () => document.getElementById("unread");
  // Of the reading page and of a paragraph's: the address below which everything about the reading is asked.
  const page = location.pathname.match(/^\/g\/[^/]+\/read\/[^/]+\//)?.[0];
  if (!page) return;
  const token = () => document.querySelector('input[name="csrfmiddlewaretoken"]:not([value=""])')?.value;
  const paragraphOf = () => (discussion()?.hidden ? "" : discussion()?.dataset.paragraph || "");

  // --- How much is unread, and where --------------------------------------------------------------------------------

  const total = () => [...places().values()].reduce((sum, count) => sum + count, 0);
  const places = () => {
    // How many, in the order of what the form names: "paragraph:last comment …".
    const counts = (unread()?.dataset.unread || "").split(" ").filter(Boolean);
    const named = unread()?.querySelector("[name=until]")?.value.split(" ") ?? [];
    return new Map(counts.map((count, index) => [named[index].split(":")[0], Number(count)]));
  };

  const saidAt = (paragraph) => document.getElementById(paragraph)?.querySelector(".said");

  const decorate = () => {
    for (const mark of document.querySelectorAll(".said > .fresh")) mark.remove();
    for (const [id, count] of places()) {
      const words = Object.assign(document.createElement("span"), { className: "heard" });
      words.textContent = `, ${count} ${unread().dataset.word}`;
      const mark = Object.assign(document.createElement("span"), { className: "fresh" });
      mark.append(words);
      saidAt(id)?.append(mark);
    }
  };

  const apply = (news) => {
    if (!news) return;
    if (news.unread && unread()) unread().outerHTML = news.unread;
    for (const [id, label] of Object.entries(news.said || {})) {
      const button = saidAt(id);
      if (button) button.innerHTML = label;
    }
    decorate();
    tell(news);
  };

  const post = async (href, fields, options) => {
    const body = new URLSearchParams(fields);
    body.set("csrfmiddlewaretoken", token());
    try {
      const answer = await fetch(href, { method: "POST", body, headers: { "HX-Request": "true" }, ...options });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  };

  // --- Seen is what was in view for a second ------------------------------------------------------------------------

  const waiting = new Map(); // comment -> timer
  const seen = new Set(); // ids that are still to be sent, for the paragraph that is open
  let sending = null;

  const watch = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        clearTimeout(waiting.get(target));
        waiting.delete(target);
        if (isIntersecting && !document.hidden) waiting.set(target, setTimeout(() => see(target), 1000));
      }
    },
    { threshold: [0, 0.5, 1] },
  );

  const see = (comment) => {
    if (document.hidden || !comment.isConnected) return;
    watch.unobserve(comment);
    comment.dataset.seen = "";
    seen.add(comment.id.slice(2));
    clearTimeout(sending);
    sending = setTimeout(send, 1000);
  };

  const send = async (options) => {
    const paragraph = paragraphOf();
    if (!seen.size || !paragraph) return;
    const comments = [...seen];
    seen.clear();
    const fields = comments.map((id) => ["comment", id]);
    const news = await post(`${page}p/${paragraph}/seen/`, fields, options);
    if (news) apply(news);
    else if (!options) for (const id of comments) seen.add(id); // sent again with the next
  };

  const observe = () => {
    if (!unread()) return;
    for (const comment of discussion()?.querySelectorAll(".comment.new:not([data-seen])") ?? []) watch.observe(comment);
  };

  // --- The pulse ----------------------------------------------------------------------------------------------------

  let every = 15;
  let tag = "";
  let asked = "";
  let beat = null;
  let known = 0; // how much was unread when the reader was last told

  const pulse = async () => {
    clearTimeout(beat);
    if (document.hidden) return;
    const paragraph = paragraphOf();
    const query = paragraph ? `?at=${paragraph}&since=${discussion().dataset.said}` : "";
    try {
      const headers = { "HX-Request": "true", ...(query === asked && tag ? { "If-None-Match": tag } : {}) };
      const answer = await fetch(`${page}pulse/${query}`, { headers, cache: "no-store" });
      if (answer.status === 200 && !answer.headers.get("HX-Redirect")) {
        const news = await answer.json();
        asked = query;
        tag = answer.headers.get("ETag");
        every = news.every;
        if (paragraph === paragraphOf()) apply(news);
      }
    } catch {
      // The next one asks again.
    }
    clearTimeout(beat);
    beat = setTimeout(pulse, every * 1000);
  };

  const pill = (words, act) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: words });
    button.addEventListener("click", act);
    return button;
  };

  const tell = (news) => {
    const here = document.getElementById("new-here");
    if (here && news.new !== undefined) here.replaceChildren(...(news.new ? [pill(news.label, renew)] : []));
    const bar = document.getElementById("news");
    if (!bar) return;
    const more = total() > known && !news.new;
    bar.replaceChildren(...(more ? [pill(unread().querySelector(".next-unread").textContent, next)] : []));
    if (total() < known) known = total();
  };

  // The new comments come in where they belong; what one is writing, and where one is, stays.
  const renew = async () => {
    const { paragraph, first, page: last } = discussion().dataset;
    const query = new URLSearchParams(location.pathname.includes("/p/") ? location.search : "");
    query.set("from", first);
    query.set("page", last);
    await readingGroup.bringScripts();
    if (!window.htmx) return; // it did not come: the pill stays, to be asked again
    const kept = discussion().querySelectorAll("#composer, .opened:has(form)");
    for (const part of kept) part.setAttribute("hx-morph-skip", "");
    await htmx.ajax("GET", `${page}p/${paragraph}/?${query}`, { target: "#discussion", swap: "outerMorph" });
    for (const part of kept) part.removeAttribute("hx-morph-skip");
    const fresh = discussion().querySelector(".comment.new:not([data-seen])");
    if (fresh) fresh.scrollIntoView({ block: "nearest" });
    else next();
  };

  // --- Next unread, load more, mark as read -------------------------------------------------------------------------

  const next = async () => {
    const all = [...(discussion()?.querySelectorAll(".comment.new:not([data-seen])") ?? [])];
    const at = document.activeElement?.closest?.(".comment");
    const after = at && all.find((comment) => at.compareDocumentPosition(comment) & Node.DOCUMENT_POSITION_FOLLOWING);
    const here = after || all.find((comment) => comment !== at);
    known = total();
    document.getElementById("news")?.replaceChildren();
    if (here) {
      here.focus({ preventScroll: true });
      here.scrollIntoView({ block: "nearest" });
      see(here);
      return;
    }
    await send();
    const from = paragraphOf() || document.querySelector(".block.current")?.id || "";
    try {
      const answer = await fetch(`${page}unread/next/?after=${from}`, { headers: { "HX-Request": "true" } });
      if (answer.status === 200) await (readingGroup.openDiscussion || ((href) => location.assign(href)))((await answer.json()).href);
      else if (answer.status === 204) unread()?.scrollIntoView({ block: "nearest" });
    } catch {
      // Offline: nothing to go to.
    }
  };

  const more = async (link) => {
    const part = new DOMParser().parseFromString(await readingGroup.fetchPart(link.href), "text/html");
    const list = discussion().dataset.thread ? "ol.thread > li > ol.answers" : "ol.thread";
    const items = [...(part.querySelector(list)?.children ?? [])];
    discussion().querySelector(list).append(...items);
    discussion().querySelector(".pager").replaceWith(...part.querySelectorAll(".pager"));
    discussion().dataset.page = part.getElementById("discussion").dataset.page;
    for (const item of items) window.htmx?.process(item);
    items[0]?.querySelector(".comment").focus({ preventScroll: true });
    observe();
  };

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest?.("a[data-more], a.next-unread");
    if (!link) return;
    event.preventDefault();
    if (link.matches(".next-unread")) next();
    else more(link).catch(() => location.assign(link.href));
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest?.("form[data-marks-read]");
    if (!form) return;
    event.preventDefault();
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    const news = await post(form.action, fields);
    if (!news) return;
    const from = fields.get("from");
    for (const comment of discussion()?.querySelectorAll(".comment") ?? []) {
      comment.dataset.seen = "";
      if (from === null) comment.classList.remove("new");
    }
    known = Infinity;
    apply(news);
    known = total();
    if (from !== null) event.submitter?.closest(".comment")?.classList.add("new");
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "n" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.documentElement.dataset.keys === "off" || document.querySelector("dialog[open]") || !unread()) return;
    event.preventDefault();
    next();
  });

  document.addEventListener("visibilitychange", () => (document.hidden ? send({ keepalive: true }) : pulse()));
  document.addEventListener("htmx:after:swap", () => {
    decorate();
    observe();
  });
  addEventListener("pagehide", () => send({ keepalive: true }));

  // reading.js says when a discussion was opened, and before another takes its place.
  Object.assign(window.readingGroup, { discussionOpened: () => (observe(), pulse()), discussionLeaves: () => send({ keepalive: true }) });
  known = total();
  decorate();
  observe();
  beat = setTimeout(pulse, every * 1000);
})();
