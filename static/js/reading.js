// The reading page: a paragraph's discussion opens beside the text, the address goes with it, Back closes it; keys go
// from paragraph to paragraph; the place where one stopped is kept. Without this script the same links are pages.
(() => {
  "use strict";

  const desk = document.querySelector(".desk");
  const text = desk.querySelector(".text");
  const keys = document.getElementById("keys");
  const placeForm = document.getElementById("place");
  const page = location.pathname + location.search;
  const title = document.title;
  const blocks = [...text.querySelectorAll(".block")];
  const discussion = () => document.getElementById("discussion");
  const root = document.documentElement.dataset; // the person's preferences
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  let current = null; // the block that keys and the rail speak about
  let isOpen = false;
  let asking = null; // the request for a discussion that is on its way; a newer one, or closing, takes its place

  const choose = (block) => {
    current?.classList.remove("current");
    current = block;
    current?.classList.add("current");
  };

  const blockOf = (href) => {
    const id = new URL(href, location.href).pathname.match(/\/p\/([^/]+)\/$/)?.[1];
    return id && document.getElementById(id);
  };

  // --- The discussion beside the text -------------------------------------------------------------------------------

  const show = async (href, { push = true, focus = true } = {}) => {
    readingGroup.discussionLeaves?.();
    if (push) history.pushState({ discussion: href }, "", href);
    isOpen = true;
    desk.classList.add("open");
    mark(blockOf(href));
    if (!(await fetchDiscussion(href))) return;
    discussion().hidden = false;
    discussion().parentElement.scrollTop = 0;
    readingGroup.bringWordsBack(discussion());
    readingGroup.later();
    const number = current?.querySelector(".number")?.textContent.trim();
    document.title = number ? `${number} · ${title}` : title;
    current?.scrollIntoView({ block: "nearest", behavior: calm.matches || root.motion === "reduced" ? "auto" : "smooth" });
    const comment = document.getElementById(new URL(href, location.href).hash.slice(1));
    if (comment && discussion().contains(comment)) readingGroup.focusOn(comment.id);
    else if (focus) discussion().querySelector("#discussion-title")?.focus({ preventScroll: true });
    readingGroup.discussionOpened?.();
  };

  // Not by htmx.ajax, which lets requests for one place wait for one another and drops the third.
  const fetchDiscussion = async (href) => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const part = await readingGroup.fetchPart(href, { signal });
      if (!part.includes('id="discussion"')) throw new Error("no discussion");
      discussion().outerHTML = part;
      window.htmx?.process(discussion());
    } catch ({ reason }) {
      if (signal.aborted) return false;
      discussion().outerHTML = document.getElementById("unreachable").innerHTML;
      if (reason) discussion().querySelector(".problems").textContent = reason;
    }
    return true;
  };

  const mark = (block) => {
    text.querySelector('.block[aria-current="true"]')?.removeAttribute("aria-current");
    block?.setAttribute("aria-current", "true");
    if (block) choose(block);
  };

  const hide = () => {
    if (!isOpen) return;
    readingGroup.discussionLeaves?.();
    isOpen = false;
    asking?.abort();
    desk.classList.remove("open");
    discussion().replaceChildren();
    discussion().hidden = true;
    document.title = title;
    mark(null);
    current?.querySelector(".talk")?.focus({ preventScroll: true });
    current?.scrollIntoView({ block: "nearest" });
  };

  // Closing goes back when it was opened from here, so that the reader's history does not fill with doors.
  const close = () => {
    if (!isOpen) return;
    if (history.state?.discussion) history.back();
    else hide();
  };

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest?.("a");
    if (!link) return;
    if (link.matches(".talk")) {
      event.preventDefault();
      if (isOpen && link.closest(".block").getAttribute("aria-current")) close();
      else if (isOpen) replace(link.href);
      else show(link.href);
    } else if (link.matches("[data-goes]")) {
      event.preventDefault();
      replace(link.href);
    } else if (link.matches("[data-closes]")) {
      event.preventDefault();
      close();
    } else if (isOpen && /^[#?]/.test(link.getAttribute("href"))) {
      event.preventDefault();
      jump(link);
    }
  });

  // Contents and rail. While a discussion is open the address is its own: they only move the text, or lead to another
  // section of it.
  const jump = (link) => {
    const href = link.getAttribute("href");
    if (isOpen && href.startsWith("#")) goTo(document.getElementById(href.slice(1)));
    else location.assign(new URL(href, new URL(page, location.origin)));
  };

  // A bar is as narrow as the text is long, narrower than a finger: what is tapped beside one counts for the nearest.
  document.addEventListener("click", (event) => {
    const rail = event.target.closest?.(".rail");
    if (!rail || event.target.closest("a") || event.button) return;
    const away = (link) => {
      const { left, right } = link.getBoundingClientRect();
      return Math.max(left - event.clientX, event.clientX - right);
    };
    const { left, right } = rail.querySelector("svg").getBoundingClientRect();
    if (event.clientX < left - 8 || event.clientX > right + 8) return;
    const nearest = [...rail.querySelectorAll("a")].sort((a, b) => away(a) - away(b))[0];
    if (nearest) jump(nearest);
  });

  const goTo = (place) => {
    if (place?.matches(".block")) choose(place);
    place?.scrollIntoView({ block: "start" });
  };

  // From one discussion to the next the address changes in place: one Back still leads to the text.
  const replace = (href) => {
    history.replaceState({ discussion: href }, "", href);
    return show(href, { push: false });
  };

  readingGroup.openDiscussion = (href) => (isOpen ? replace(href) : show(href));

  window.addEventListener("popstate", (event) => {
    if (event.state?.discussion) show(event.state.discussion, { push: false });
    else hide();
  });

  // --- Keys ---------------------------------------------------------------------------------------------------------

  const atTop = () => blocks.find((block) => block.getBoundingClientRect().bottom > 80) || blocks[0];

  const step = (by) => {
    const from = current && isInView(current) ? blocks.indexOf(current) + by : blocks.indexOf(atTop());
    const next = blocks[Math.max(0, Math.min(blocks.length - 1, from))];
    if (!next) return;
    if (isOpen) {
      replace(next.querySelector(".talk").href);
      return;
    }
    choose(next);
    next.querySelector(".talk").focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };

  const isInView = (block) => {
    const box = block.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };

  const write = async () => {
    const comment = document.activeElement?.closest?.(".comment");
    const answer = comment?.querySelector(':scope > .acts a[href$="/answer/"]');
    if (answer) {
      answer.click();
      return;
    }
    if (!isOpen) await show((current || atTop()).querySelector(".talk").href, { focus: false });
    readingGroup.focusOn("composer", discussion());
  };

  const acts = {
    j: () => step(1),
    k: () => step(-1),
    o: () => (isOpen ? close() : show((current || atTop()).querySelector(".talk").href)),
    r: write,
    "?": () => keys.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open || document.querySelector("[popover]:popover-open")) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      if (typing) event.target.blur();
      else close();
    } else if (!typing && root.keys !== "off" && Object.hasOwn(acts, event.key)) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  document.querySelector("button[data-keys]")?.addEventListener("click", () => keys.showModal());

  // Who has no account switches the letters off on this device (WCAG 2.1.4).
  const letters = document.getElementById("letter-keys");
  if (letters) {
    const obey = () => (root.keys = letters.checked ? "on" : "off");
    letters.checked = localStorage.getItem("keys") !== "off";
    obey();
    letters.addEventListener("change", () => localStorage.setItem("keys", obey()));
  }

  // --- Where one is, and where one stopped --------------------------------------------------------------------------

  const storage = `place:${desk.dataset.reading}`;
  let kept = null;
  let waiting = null;

  const reading = () => {
    const middle = innerHeight * 0.4;
    return blocks.find((block) => block.getBoundingClientRect().bottom > middle) || blocks.at(-1);
  };

  const showHere = () => {
    const here = desk.querySelector(".rail .here");
    const bars = here?.ownerSVGElement.viewBox.baseVal.width;
    const whole = text.getBoundingClientRect();
    if (bars && whole.height) {
      const done = Math.min(1, Math.max(0, (innerHeight * 0.4 - whole.top) / whole.height));
      here.setAttribute("x", (done * (bars - 0.6)).toFixed(2));
    }
  };

  const follow = () => {
    showHere();
    clearTimeout(waiting);
    waiting = setTimeout(keepPlace, 2000);
  };

  const keepPlace = () => {
    const block = reading();
    if (!block || block.id === kept || window.scrollY < 200) return;
    kept = block.id;
    if (placeForm) {
      placeForm.elements.paragraph.value = block.id;
      const body = new URLSearchParams(new FormData(placeForm));
      fetch(placeForm.action, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive: true }).catch(() => {});
    } else {
      const number = block.querySelector(".number").lastChild.textContent;
      localStorage.setItem(storage, JSON.stringify({ id: block.id, number }));
    }
  };

  // A visitor's place stays on the device.
  const resume = document.getElementById("resume");
  if (resume) {
    try {
      const place = JSON.parse(localStorage.getItem(storage));
      if (place && document.getElementById(place.id)) {
        resume.querySelector("a").href = `#${place.id}`;
        resume.querySelector("[data-number]").textContent = place.number;
        resume.hidden = false;
      }
    } catch {
      localStorage.removeItem(storage);
    }
  }

  // The links are relative to this page; the address will not always be this page's.
  for (const link of text.querySelectorAll("a.talk")) link.href = link.href;
  addEventListener("scroll", follow, { passive: true });
  document.addEventListener("htmx:after:swap", showHere); // the rail may have come anew
  follow();
  history.replaceState(null, "", page + location.hash);
})();
