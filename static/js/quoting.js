// Quoting: words that are selected go into the composer; quoted passages are marked in the text while their discussion
// is open, and lead to the comments on them. Sentences are chosen by a form of the server's, so that works without this.
(() => {
  "use strict";

  const CONTEXT = 32; // characters before and after that are sent along
  const SHORTEST = 3;
  const root = document.documentElement.dataset; // the person's preferences
  const label = document.getElementById("quoting"); // the button; not there for who may not write

  // --- Words and offsets: code points, without note marks -----------------------------------------------------------

  const words = (block) => block.querySelector("[data-words]") ?? block.querySelector(":scope > :is(p, div, h2)");
  const paragraphOf = (block) => block.querySelector("[data-words]")?.dataset.words ?? block.id;
  const blockOf = (paragraph) =>
    document.querySelector(`[data-words="${CSS.escape(paragraph)}"]`)?.closest(".block") ??
    document.querySelector(`.text #${CSS.escape(paragraph)}`);

  const textsIn = function* (element) {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(".mark")) yield walker.currentNode;
  };

  const textOf = (element) => [...textsIn(element)].map((node) => node.data).join("");

  // How much of the element's text stands before a point in it, in the browser's units.
  const unitsBefore = (element, container, offset) => {
    const before = document.createRange();
    before.setStart(element, 0);
    before.setEnd(container, offset);
    let units = 0;
    for (const node of textsIn(element)) {
      if (node === container) return units + offset;
      if (before.comparePoint(node, node.length) > 0) break;
      units += node.length;
    }
    return units;
  };

  const rangeOf = (element, start, end) => {
    const range = document.createRange();
    let at = 0;
    let begun = false;
    for (const node of textsIn(element)) {
      const characters = [...node.data];
      const unit = (point) => characters.slice(0, point - at).join("").length;
      if (!begun && start < at + characters.length) {
        range.setStart(node, unit(start));
        begun = true;
      }
      if (begun && end <= at + characters.length) {
        range.setEnd(node, unit(end));
        return range;
      }
      at += characters.length;
    }
    return null;
  };

  // As the server widens it: to whole words, where words have spaces between them.
  const letter = /[\p{L}\p{M}\p{N}_]/u;
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
  const ofWord = (character = " ") => letter.test(character) && !unspaced.test(character);
  const insideWord = (text, at) => {
    if (/['’ʼ]/.test(text[at])) return ofWord(text[at - 1]) && ofWord(text[at + 1]);
    if (/['’ʼ]/.test(text[at - 1])) return ofWord(text[at - 2]) && ofWord(text[at]);
    return ofWord(text[at - 1]) && ofWord(text[at]);
  };

  const passage = (element, from, to) => {
    const all = textOf(element);
    const text = [...all];
    let start = [...all.slice(0, from)].length;
    let end = start + [...all.slice(from, to)].length;
    while (start < end && /\s/.test(text[start])) start += 1;
    while (end > start && /\s/.test(text[end - 1])) end -= 1;
    if (start === end) return null;
    while (start > 0 && insideWord(text, start)) start -= 1;
    while (end < text.length && insideWord(text, end)) end += 1;
    if (end - start < SHORTEST) return null;
    const part = (begin, finish) => text.slice(Math.max(0, begin), finish).join("");
    return { exact: part(start, end), prefix: part(start - CONTEXT, start), suffix: part(end, end + CONTEXT), start, end };
  };

  // What is selected, a passage for each paragraph or comment that it runs through.
  const selected = () => {
    const selection = getSelection();
    if (!label || selection.isCollapsed || !selection.rangeCount) return [];
    const range = selection.getRangeAt(0);
    const found = [];
    for (const place of document.querySelectorAll(".text .block, .comment > .words")) {
      if (!range.intersectsNode(place)) continue;
      const element = place.matches(".words") ? place : words(place);
      if (!element) continue;
      const from = element.contains(range.startContainer) ? unitsBefore(element, range.startContainer, range.startOffset) : 0;
      const whole = textOf(element).length;
      const to = element.contains(range.endContainer) ? unitsBefore(element, range.endContainer, range.endOffset) : whole;
      // A selection that begins after these words, or ends before them, in the same block.
      const outside = document.createRange();
      outside.selectNodeContents(element);
      if (range.compareBoundaryPoints(Range.START_TO_END, outside) <= 0) continue;
      if (range.compareBoundaryPoints(Range.END_TO_START, outside) >= 0) continue;
      const quoted = passage(element, from, to);
      if (!quoted) continue;
      if (place.matches(".words")) {
        const comment = place.closest(".comment");
        found.push({ of: { comment: comment.id.slice(2) }, from: comment.querySelector(".author").textContent, quoted, place: comment });
      } else {
        const number = place.querySelector(".number, .address")?.lastChild.textContent.trim();
        found.push({ of: { paragraph: paragraphOf(place) }, from: `¶ ${number}`, quoted, place });
      }
    }
    return found;
  };

  // --- Into the composer --------------------------------------------------------------------------------------------

  let last = null; // the form that one wrote in last
  const list = (form) => form.querySelector(":scope > .quotes > ul");
  const values = (form) => [...list(form).querySelectorAll("input[name=quote]")].map((input) => input.value);
  const isBegun = (form) => form.contains(document.activeElement) || form.elements.body.value.trim() || values(form).length;
  const visible = (form) => form?.isConnected && form.querySelector(":scope > .quotes");

  const until = async (find) => {
    for (let tries = 0; tries < 200; tries += 1) {
      const found = find();
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return null;
  };

  // The form that is being written in; else an answer to the comment, or the box below the paragraph's discussion.
  const composerFor = async (place) => {
    if (visible(last) && isBegun(last)) return last;
    const answer = place?.matches?.(".comment") && place.querySelector(':scope > .acts a[href$="/answer/"]');
    if (answer) {
      const opened = place.querySelector(":scope > .opened form .quotes");
      if (!opened) answer.click();
      return until(() => place.querySelector(":scope > .opened form .quotes")?.closest("form"));
    }
    const composer = () => document.querySelector("#composer > .quotes")?.closest("form");
    if (!composer()) (place ?? document.querySelector(".block.current, .block"))?.querySelector(".talk")?.click();
    return until(composer);
  };

  const put = async (quotes) => {
    hide();
    if (!quotes.length) return;
    const form = await composerFor(quotes[0].place);
    if (!form) return;
    for (const quote of quotes) add(form, quote);
    getSelection().removeAllRanges();
    form.classList.remove("small"); // a composer that was minimised
    form.elements.body.focus({ preventScroll: true });
    form.elements.body.scrollIntoView({ block: "nearest" });
  };

  const add = (form, { of, from, quoted }) => {
    const value = JSON.stringify({ ...of, ...quoted });
    const same = (other) => {
      const kept = JSON.parse(other);
      return kept.start === quoted.start && kept.end === quoted.end && (of.comment ? kept.comment === of.comment : kept.paragraph === of.paragraph);
    };
    if (values(form).some(same)) return;
    const here = form.closest(".discussion")?.dataset.paragraph === of.paragraph;
    append(form, value, quoted.exact, here ? "" : from);
    changed(form);
  };

  const append = (form, value, exact, from) => {
    const item = form.querySelector(":scope > .quotes > template").content.firstElementChild.cloneNode(true);
    item.querySelector("input").value = value;
    item.querySelector("p").textContent = exact;
    if (from) item.querySelector("blockquote").append(Object.assign(document.createElement("cite"), { textContent: from }));
    list(form).append(item);
  };

  const takeOut = (button) => {
    const form = button.closest("form");
    const item = button.closest("li");
    const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector("button");
    item.remove();
    changed(form);
    (next ?? form.elements.body).focus({ preventScroll: true });
  };

  // composer.js keeps what is quoted with the words, and brings it back as plain fields: here they are drawn.
  const changed = (form) => form.dispatchEvent(new CustomEvent("composer:changed", { bubbles: true }));
  const strays = (form) => [...form.querySelectorAll(":scope > input[type=hidden][name=quote]")];
  const draw = (form, kept) => {
    for (const field of strays(form)) field.remove();
    list(form).replaceChildren();
    for (const value of kept) {
      const quote = JSON.parse(value);
      append(form, value, quote.exact, sourceOf(quote, form));
    }
  };
  const sourceOf = ({ comment, paragraph }, form) => {
    if (comment) return document.querySelector(`#c-${CSS.escape(comment)} .author`)?.textContent ?? "";
    const number = blockOf(paragraph)?.querySelector(".number, .address")?.lastChild.textContent.trim();
    return number && form.closest(".discussion")?.dataset.paragraph !== paragraph ? `¶ ${number}` : "";
  };
  const bringBack = () => {
    for (const form of document.querySelectorAll("form.composer:has(> .quotes)")) {
      const kept = strays(form).map((field) => field.value);
      if (kept.length) draw(form, kept);
    }
  };

  // --- The button at the selection ----------------------------------------------------------------------------------

  let button = null;
  let pending = [];
  let waiting = null;

  const hide = () => {
    button?.remove();
    pending = [];
  };

  const offer = () => {
    pending = selected();
    if (!pending.length) return hide();
    button ??= label.content.firstElementChild.cloneNode(true);
    if (!button.isConnected) document.body.append(button);
    const rects = [...getSelection().getRangeAt(0).getClientRects()].filter((rect) => rect.width);
    const [first, end] = [rects[0], rects.at(-1)];
    if (!first) return hide();
    const { offsetWidth: width, offsetHeight: height } = button;
    const panel = document.querySelector(".desk.open > .margin")?.getBoundingClientRect();
    const inText = pending[0].of.paragraph;
    const floor = inText && panel && panel.left < 8 && panel.width > innerWidth - 32 ? panel.top : innerHeight;
    const below = end.bottom + 10;
    const top = below + height + 4 > floor ? Math.max(4, first.top - height - 10) : below;
    button.style.top = `${Math.round(Math.min(top, innerHeight - height - 4))}px`;
    button.style.left = `${Math.round(Math.max(8, Math.min(end.right - width / 2, innerWidth - width - 8)))}px`;
  };

  const consider = () => {
    clearTimeout(waiting);
    waiting = setTimeout(offer, 150);
  };

  const choose = async () => {
    const comment = document.activeElement?.closest?.(".comment");
    const form = await composerFor(comment ?? document.querySelector('.block[aria-current="true"], .block.current'));
    form?.querySelector('button[name=sentences][value="choose"]')?.click();
  };

  // --- Passages in the text -----------------------------------------------------------------------------------------

  let marked = null; // the comment whose passages are marked: under the pointer, or in focus
  const focused = () => document.activeElement?.closest?.(".comment") ?? null;
  let passages = []; // of the discussion that is open: {block, range, comments}
  let known = "";

  const paint = (name, ranges) => {
    if (CSS.highlights) {
      if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
      else CSS.highlights.delete(name);
    } else if (name === "quoted-now") wrap(ranges);
  };

  // Where the browser has no highlights: <mark> around each piece of text.
  const wrap = (ranges) => {
    for (const mark of document.querySelectorAll("mark.passage")) {
      const parent = mark.parentNode;
      mark.replaceWith(...mark.childNodes);
      parent.normalize();
    }
    for (const range of ranges) {
      const pieces = [...textsIn(range.commonAncestorContainer.parentElement)].filter((node) => range.intersectsNode(node));
      const { startContainer, startOffset, endContainer, endOffset } = range;
      for (const node of pieces) {
        const end = node === endContainer ? endOffset : node.length;
        const start = node === startContainer ? startOffset : 0;
        if (start >= end) continue;
        const piece = document.createRange();
        piece.setStart(node, start);
        piece.setEnd(node, end);
        piece.surroundContents(Object.assign(document.createElement("mark"), { className: "passage" }));
      }
    }
  };

  const placeOf = (quote) => {
    const { paragraph, start, end } = quote.dataset;
    const block = blockOf(paragraph);
    const element = block && words(block);
    const range = element && rangeOf(element, Number(start), Number(end));
    // The text may have been corrected since: what reads otherwise is not marked.
    const reads = range && [...textOf(element)].slice(Number(start), Number(end)).join("");
    return reads === quote.querySelector("p").textContent ? { block, range } : null;
  };

  const look = () => {
    const quotes = [...document.querySelectorAll("#discussion .comment > .quoted[data-paragraph]")];
    const now = quotes.map((quote) => `${quote.parentElement.id} ${quote.dataset.paragraph} ${quote.dataset.start} ${quote.dataset.end}`).join();
    if (now === known) return;
    known = now;
    for (const old of document.querySelectorAll(".quoters")) old.remove();
    const places = new Map();
    for (const quote of quotes) {
      const { paragraph, start, end } = quote.dataset;
      const name = `${paragraph} ${start} ${end}`;
      if (!places.has(name)) places.set(name, { ...placeOf(quote), words: quote.querySelector("p").textContent, comments: [] });
      places.get(name).comments.push(quote.parentElement.id);
    }
    passages = [...places.values()].filter((place) => place.range);
    passages.sort((a, b) => a.range.compareBoundaryPoints(Range.START_TO_START, b.range));
    paint("quoted-passages", passages.map((place) => place.range));
    if (!marked?.isConnected) marked = focused();
    paint("quoted-now", rangesOf(marked));
    const door = document.querySelector("#discussion template[data-quoters]");
    for (const place of passages) {
      place.door = door.content.firstElementChild.cloneNode(true);
      place.door.querySelector("[data-passage]").textContent = place.words.length > 60 ? `${place.words.slice(0, 60)}…` : place.words;
      place.block.append(place.door);
      stand(place);
    }
  };

  // For the keyboard there is a button to each passage, after its paragraph, seen while it has the focus.
  const stand = (place) => {
    const box = place.block.getBoundingClientRect();
    const end = [...place.range.getClientRects()].at(-1);
    place.door.style.top = `${Math.round(end.bottom - box.top + 4)}px`;
    place.door.style.left = `${Math.round(Math.max(0, Math.min(end.left - box.left, box.width - place.door.offsetWidth)))}px`;
  };

  const passageAt = ({ clientX, clientY, target }) => {
    const block = passages.length && target.closest?.(".text .block");
    if (!block || target.closest("a, button")) return null;
    const within = (rect) => clientX >= rect.left && clientX <= rect.right && clientY >= rect.top && clientY <= rect.bottom;
    return passages.find((place) => place.block === block && [...place.range.getClientRects()].some(within)) ?? null;
  };

  // To the first comment on the passage; once more, to the next.
  const lead = (place) => {
    place.next = ((place.next ?? -1) + 1) % place.comments.length;
    point(document.getElementById(place.comments[place.next]));
  };

  const point = (comment) => {
    document.querySelector(".comment.found")?.classList.remove("found");
    comment.classList.add("found");
    comment.focus({ preventScroll: true });
    comment.scrollIntoView({ block: "center" });
  };

  const rangesOf = (comment) =>
    passages.filter((place) => comment && place.comments.includes(comment.id)).map((place) => place.range);

  const bringIntoView = (range) => {
    const box = range.getBoundingClientRect();
    const panel = document.querySelector(".desk.open > .margin");
    const floor = panel && getComputedStyle(panel).position === "fixed" ? panel.getBoundingClientRect().top : innerHeight;
    if (box.top < 64 || box.top > floor - 48) scrollBy({ top: box.top - Math.min(120, floor / 3) });
  };

  // --- Listening ----------------------------------------------------------------------------------------------------

  const mark = (comment) => {
    if (comment === marked) return;
    marked = comment;
    paint("quoted-now", rangesOf(comment));
  };

  document.addEventListener("selectionchange", consider);
  addEventListener("scroll", () => button?.isConnected && offer(), { passive: true, capture: true });
  document.addEventListener("pointerdown", (event) => event.target === button && event.preventDefault());
  document.addEventListener("mousedown", (event) => event.target === button && event.preventDefault());

  document.addEventListener("pointerover", (event) => mark(event.target.closest?.(".comment") ?? focused()));
  document.addEventListener("focusin", (event) => {
    const form = event.target.closest?.("form.composer");
    if (visible(form)) last = form;
    const place = passages.find(({ door }) => door?.contains(event.target));
    if (place) {
      stand(place);
      paint("quoted-now", [place.range]);
    } else mark(focused());
  });
  document.addEventListener("focusout", (event) => {
    event.target.closest?.(".comment.found")?.classList.remove("found");
    if (event.target.closest?.(".quoters")) paint("quoted-now", rangesOf(marked));
  });

  let moving = 0;
  document.addEventListener("pointermove", (event) => {
    if (!passages.length || event.pointerType === "touch") return;
    cancelAnimationFrame(moving);
    moving = requestAnimationFrame(() => {
      const over = passageAt(event);
      document.querySelector(".over-passage")?.classList.remove("over-passage");
      over?.block.classList.add("over-passage");
    });
  });

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const { target } = event;
    if (target === button) put(pending);
    else if (target.closest?.(".quotes button[name=take_out]")) {
      event.preventDefault();
      takeOut(target.closest("button"));
    } else if (target.closest?.(".quoters")) lead(passages.find(({ door }) => door?.contains(target)));
    else if (target.closest?.(".comment > .quoted a")) followQuote(event, target.closest(".quoted"));
    else if (getSelection().isCollapsed) {
      const place = passageAt(event);
      if (place) lead(place);
    }
  });

  // The way to what is quoted: where it stands on this page, without leaving it.
  const followQuote = (event, quote) => {
    const name = quote.querySelector("a").getAttribute("href").match(/^\/c\/([^/]+)\/$/)?.[1];
    const source = name && document.getElementById(`c-${name}`);
    const place = !name && placeOf(quote);
    if (!source && !place) return;
    event.preventDefault();
    if (source) point(source);
    else {
      bringIntoView(place.range);
      marked = null;
      paint("quoted-now", [place.range]);
    }
  };

  document.addEventListener("keydown", (event) => {
    if (event.key !== "q" || event.ctrlKey || event.metaKey || event.altKey || root.keys === "off") return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (!label || document.querySelector("dialog[open], [popover]:popover-open")) return;
    event.preventDefault();
    const quotes = selected();
    if (quotes.length) put(quotes);
    else choose();
  });

  document.addEventListener("composer:quotes", (event) => {
    const form = event.target.closest("form");
    if (visible(form)) draw(form, event.detail);
  });

  let settling = 0;
  const settle = () => {
    cancelAnimationFrame(settling);
    settling = requestAnimationFrame(() => {
      bringBack();
      look();
    });
  };
  new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
  settle();
  consider(); // this script may have been loaded because something was selected
})();
