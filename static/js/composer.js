// The box in which one writes: words are kept while they are typed, on this device at once and on the server two seconds
// after the last key; tools for Markdown; names after "@". Without this script it is a plain form with "Save draft".
(() => {
  "use strict";

  const user = document.body.dataset.user;
  if (!user) return;
  const SOON = 2_000;
  const AGAIN = 30_000;
  const LONGEST_GOODBYE = 6_000; // of what is still on its way when somebody signs out: later it would find nobody there
  const LONGEST_LAST = 50_000; // of what a page that goes away may still send
  const forms = (root = document) => [...root.querySelectorAll("form.composer")].filter((form) => form.elements.body && form.querySelector("[name=draft]"));
  const addressOf = (form) => form.getAttribute("action");
  const formAt = (address) => forms().find((form) => addressOf(form) === address);
  const composerOf = (event) => {
    const form = event.target.closest?.("form.composer");
    return form?.querySelector("[name=draft]") ? form : null;
  };
  document.documentElement.classList.add("docks");

  // --- What this device keeps until the server has it: nobody else's is ever looked at ------------------------------

  const PREFIX = `draft:${user}:`;
  const kept = (address) => {
    try {
      return JSON.parse(localStorage.getItem(PREFIX + address));
    } catch {
      return null;
    }
  };
  const keep = (address, words) => localStorage.setItem(PREFIX + address, JSON.stringify(words));
  const forget = (address) => localStorage.removeItem(PREFIX + address);
  // What the server has taken last. A page that was asked for before that does not show it: this does (bringWordsBack).
  const savedName = (address) => `saved:${user}:${address}`;
  const saved = (address) => JSON.parse(sessionStorage.getItem(savedName(address)));
  const noteSaved = (address, words) => sessionStorage.setItem(savedName(address), JSON.stringify({ ...words, at: readingGroup.moment() }));
  const forgetSaved = (address) => sessionStorage.removeItem(savedName(address));
  const waiting = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));

  const { fieldsOf } = readingGroup;
  const same = (one, other) => one.body === other.body && String(one.quotes) === String(other.quotes);

  const show = (form, state) => {
    const line = form?.querySelector(".kept");
    const words = line && state ? line.dataset[state] : "";
    if (line && line.textContent !== words) line.textContent = words; // said once, not every two seconds
  };

  // --- Saving -------------------------------------------------------------------------------------------------------

  const timers = new Map();
  const saving = new Map(); // address -> the saving that is under way
  const undecided = new Set(); // addresses where two texts wait for a choice
  const taken = new Map(); // address -> the words that the server has taken last
  const posts = new Map(); // address -> how often something was posted from there

  const remember = (form) => {
    readingGroup.keep(form);
    clearTimeout(timers.get(addressOf(form)));
    timers.set(addressOf(form), setTimeout(save, SOON, addressOf(form)));
  };

  const send = async (address, words, last) => {
    const body = new URLSearchParams({ body: words.body, sequence: words.sequence, who: user });
    if (words.wording) body.set("wording", words.wording);
    if (words.key) body.set("key", words.key);
    for (const quote of words.quotes) body.append("quote", quote);
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]")?.value || "");
    const keepalive = last && String(body).length < LONGEST_LAST;
    const answer = await fetch(`${address}draft/`, { method: "POST", body, headers: { "HX-Request": "true" }, keepalive });
    return { status: answer.status, part: new DOMParser().parseFromString(await answer.text(), "text/html") };
  };

  // One at a time for each place. What the server does not take stays on this device.
  const save = async (address, last = false) => {
    clearTimeout(timers.get(address));
    timers.delete(address);
    if (undecided.has(address)) return;
    await saving.get(address);
    const words = kept(address);
    if (!words) return;
    const done = deliver(address, words, last);
    saving.set(address, done);
    await done;
    if (saving.get(address) === done) saving.delete(address);
  };

  const deliver = async (address, words, last) => {
    const before = posts.get(address);
    const state = await send(address, words, last).catch(() => ({ status: 0 }));
    if (posts.get(address) !== before) return; // it was a comment before the answer came
    const form = formAt(address);
    const place = form?.querySelector("[data-clash]");
    const told = state.part?.querySelector("[data-sequence]");
    if (state.status === 200 && told) {
      const sequence = Number(told.dataset.sequence);
      const now = kept(address);
      taken.set(address, words.body);
      if (sequence) noteSaved(address, { ...words, sequence });
      else forgetSaved(address);
      if (now && same(now, words)) forget(address);
      else if (now) keep(address, { ...now, sequence });
      if (form) {
        form.elements.sequence.value = sequence;
        // They are a comment already; the answer that said so was lost on its way. Blanks never were one: they stay, and
        // whoever sends them is told.
        const sentBefore = !sequence && !form.elements.wording && words.body.trim();
        if (sentBefore && form.elements.body.value === words.body) form.elements.body.value = "";
        place.replaceChildren();
      }
      show(form, sequence && "saved");
      return;
    }
    show(form, kept(address) && "here");
    if (state.status === 409 && told && place) {
      undecided.add(address);
      place.replaceChildren(...state.part.body.children);
    } else if (state.status === 422 && place) {
      place.replaceChildren(...state.part.body.children);
    } else if (!state.status || state.status >= 500) {
      timers.set(address, setTimeout(save, AGAIN, address));
    }
    list(address);
  };

  // "My drafts" shows what only this device has: the server will not take it, or not yet.
  const list = (address) => {
    const place = document.getElementById("on-this-device");
    const words = place && kept(address);
    if (!words || [...place.querySelectorAll("li")].some((item) => item.dataset.address === address)) return;
    const item = place.querySelector("template").content.cloneNode(true).firstElementChild;
    item.dataset.address = address;
    item.querySelector("a").href = address.endsWith("/comment/") ? `${address.replace(/comment\/$/, "")}#composer` : address;
    item.querySelector("textarea").value = words.body;
    item.querySelector("button").addEventListener("click", () => {
      forget(address);
      item.remove();
      place.hidden = !place.querySelector("li");
    });
    place.querySelector("ul").append(item);
    place.hidden = false;
  };

  const saveAll = () => Promise.all(waiting().map((address) => save(address)));

  // Two texts: both are shown, and the person chooses.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-takes]");
    const form = button && composerOf(event);
    if (!form) return;
    const other = form.querySelector("[data-clash] [data-sequence]");
    const address = addressOf(form);
    form.elements.sequence.value = other.dataset.sequence;
    undecided.delete(address);
    if (button.dataset.takes === "theirs") {
      const quotes = [...other.querySelectorAll("[data-quote]")].map((input) => input.value);
      put(form, { body: other.querySelector("[data-theirs]").value, quotes });
      forget(address);
      show(form, "saved");
    } else {
      keep(address, fieldsOf(form));
      save(address);
    }
    other.remove();
    form.elements.body.focus();
  });

  // --- Words come back ----------------------------------------------------------------------------------------------

  // quoting.js draws what is quoted when it hears of it.
  const put = (form, words) => {
    const box = form.elements.body;
    const { selectionStart, selectionEnd } = box;
    if (box.value !== words.body) {
      box.value = words.body;
      if (document.activeElement === box) box.setSelectionRange(selectionStart, selectionEnd);
    }
    if (String(fieldsOf(form).quotes) === String(words.quotes)) return;
    for (const input of form.querySelectorAll("input[type=hidden][name=quote]")) input.remove();
    for (const value of words.quotes) {
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "quote", value }));
    }
    form.dispatchEvent(new CustomEvent("composer:quotes", { bubbles: true, detail: words.quotes }));
  };

  let sent = null; // what the server has just taken: the address it went to, and the words

  const bringWordsBack = (root) => {
    for (const form of forms(root)) {
      const address = addressOf(form);
      const box = form.elements.body;
      // Words that were added while the others were on their way stay.
      if (address === sent?.address) {
        if (box.value === sent.body) box.value = box.defaultValue;
        else if (box.value !== box.defaultValue && !kept(address)) remember(form);
      }
      const last = saved(address);
      if (last && Number(form.elements.sequence?.value) < last.sequence && last.at > readingGroup.asked && !kept(address)) {
        put(form, last);
        form.elements.sequence.value = last.sequence;
        show(form, "saved");
        continue;
      }
      const here = kept(address);
      if (!here) {
        if (box.value && box.value !== box.defaultValue && box.value !== taken.get(address)) remember(form);
        else if (Number(form.elements.sequence?.value)) show(form, "saved");
        continue;
      }
      const there = fieldsOf(form);
      if (same(here, there) && box.value !== box.defaultValue) {
        remember(form); // typed before this script was there
        continue;
      }
      if (same(here, { ...there, body: box.defaultValue })) {
        put(form, here);
        forget(address);
        continue;
      }
      // What is newer is the server's to say: it refuses what it has not seen before, and both are shown then.
      put(form, here);
      form.elements.sequence.value = here.sequence;
      show(form, "here");
      undecided.delete(address);
      save(address);
    }
    sent = null;
    fold();
  };

  const letGo = (form, body) => {
    if (typeof body !== "string") return; // withdrawn, or put back: nothing was typed
    const address = addressOf(form);
    body = body.replaceAll("\r\n", "\n");
    clearTimeout(timers.get(address));
    timers.delete(address);
    undecided.delete(address);
    forgetSaved(address);
    posts.set(address, (posts.get(address) ?? 0) + 1);
    sent = { address, body };
    const now = kept(address);
    // What was typed since is another draft.
    if (now && now.body !== body && form.isConnected) keep(address, { ...now, sequence: 0 });
    else forget(address);
    show(form, "");
  };

  // --- When ---------------------------------------------------------------------------------------------------------

  document.addEventListener("input", (event) => {
    const form = event.target.name === "body" && composerOf(event);
    if (form) remember(form);
  });
  // quoting.js says that what is quoted has changed.
  document.addEventListener("composer:changed", (event) => composerOf(event) && remember(composerOf(event)));
  addEventListener("online", saveAll);
  addEventListener("pagehide", () => waiting().forEach((address) => timers.has(address) && save(address, true)));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") waiting().forEach((address) => timers.has(address) && save(address, true));
  });

  // Before it is sent, a saving that is under way ends: else it might come after.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form.matches("form[data-signs-out]")) {
        signOut(event, form);
        return;
      }
      if (!form.matches("form.composer") || !saving.has(addressOf(form))) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (form.dataset.waits) return;
      form.dataset.waits = "1";
      const enough = new Promise((resolve) => setTimeout(resolve, SOON));
      Promise.race([saving.get(addressOf(form)), enough]).then(() => {
        saving.delete(addressOf(form));
        delete form.dataset.waits;
        form.requestSubmit(event.submitter);
      });
    },
    true,
  );

  // Who signs out leaves nothing on this device but what could not be saved, and that for nobody else.
  const signOut = (event, form) => {
    if (!waiting().length) return;
    event.preventDefault();
    const enough = new Promise((resolve) => setTimeout(resolve, LONGEST_GOODBYE));
    Promise.race([saveAll(), enough]).then(() => {
      sessionStorage.clear();
      form.submit();
    });
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("form.composer [name=draft]");
    if (!button) return;
    event.preventDefault();
    remember(button.form);
    save(addressOf(button.form));
  });

  // "You have begun here": the form opens at its comment.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-goes-on]");
    const act = link && document.querySelector(`.comment > .acts a[href="${CSS.escape(link.getAttribute("href"))}"]`);
    if (!act) return;
    event.preventDefault();
    if (act.closest("article").querySelector(":scope > .opened form")) return;
    act.click();
  });

  // --- Minimising ---------------------------------------------------------------------------------------------------

  // Of several composers one is large: the one in which somebody writes. Remembered here, for a morph does not.
  const small = new Set();
  const fold = (now = null) => {
    for (const form of forms()) {
      const words = form.elements.body.value.trim();
      const address = addressOf(form);
      if (now && form !== now && words) small.add(address);
      if (form === now || !words) small.delete(address);
      form.classList.toggle("small", small.has(address));
      form.querySelector(".fold").setAttribute("aria-expanded", String(!small.has(address)));
      form.querySelector("[data-begun]").textContent = words.slice(0, 60);
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".composer .fold");
    if (!button) return;
    const form = button.form;
    const opened = form.closest(".opened");
    if (form.classList.contains("small")) {
      fold(form);
      form.elements.body.focus({ preventScroll: true });
    } else if (!form.elements.body.value.trim()) {
      button.blur(); // at rest it is one line; an answer without a word is closed
      if (opened) opened.closest("article").querySelector(`:scope > .acts a[href="${CSS.escape(opened.dataset.from)}"]`)?.click();
    } else {
      small.add(addressOf(form));
      fold();
    }
  });
  document.addEventListener("focusin", (event) => {
    const form = event.target.name === "body" && composerOf(event);
    if (!form) return;
    fold(form);
    form.closest("article")?.scrollIntoView({ block: "nearest" }); // what is answered stays in sight
  });

  // --- Tools --------------------------------------------------------------------------------------------------------

  // As if it were typed, so that undoing works.
  const type = (box, text, from, to) => {
    box.focus({ preventScroll: true });
    box.setSelectionRange(from, to);
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (done) return;
    box.setRangeText(text, from, to, "end");
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  };

  const around = (mark) => (box) => {
    const { selectionStart: from, selectionEnd: to, value } = box;
    const words = value.slice(from, to);
    const long = mark.length;
    if (value.slice(from - long, from) === mark && value.slice(to, to + long) === mark) {
      type(box, words, from - long, to + long);
      box.setSelectionRange(from - long, to - long);
      return;
    }
    type(box, mark + words + mark, from, to);
    box.setSelectionRange(from + long, to + long);
  };

  const before = (mark) => (box) => {
    const from = box.value.lastIndexOf("\n", box.selectionStart - 1) + 1;
    const next = box.value.indexOf("\n", box.selectionEnd);
    const to = next < 0 ? box.value.length : next;
    const lines = box.value.slice(from, to).split("\n");
    const all = lines.every((line) => line.startsWith(mark));
    type(box, lines.map((line) => (all ? line.slice(mark.length) : mark + line)).join("\n"), from, to);
  };

  const link = (box) => {
    const { selectionStart: from, selectionEnd: to } = box;
    const words = box.value.slice(from, to);
    type(box, `[${words}](https://)`, from, to);
    const at = words ? from + words.length + 11 : from + 1;
    box.setSelectionRange(at, at);
  };

  const tools = { strong: around("**"), emphasis: around("*"), quotation: before("> "), list: before("- "), link, code: around("`") };
  const KEYS = { b: "strong", i: "emphasis", k: "link", e: "code" };
  const SHIFTED = { Digit9: "quotation", Digit8: "list" };

  document.addEventListener("keydown", (event) => {
    const form = event.target.name === "body" && composerOf(event);
    if (!form || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const tool = event.shiftKey ? SHIFTED[event.code] : KEYS[event.key.toLowerCase()];
    if (!tool) return;
    event.preventDefault();
    tools[tool](event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-puts]");
    if (button) tools[button.dataset.puts](button.form.elements.body);
  });
  // One stop of the Tab key; the arrows go from tool to tool.
  document.addEventListener("keydown", (event) => {
    const bar = event.target.closest?.(".tools");
    if (!bar) return;
    const all = [...bar.querySelectorAll("button")];
    const here = all.indexOf(event.target);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    for (const button of all) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  });

  // --- Names --------------------------------------------------------------------------------------------------------

  let asking = null;
  let asked = "";
  let nobody = null; // of whom nobody's name begins so

  const offersOf = (form) => form.querySelector(".offers");
  // What stands between the last "@" and the cursor, if it may be a name.
  const begun = (box) => box.value.slice(0, box.selectionStart).match(/(?:^|[^\w@.])@([^\s@][^@\n]{0,59})?$/);

  const close = (form) => {
    const list = offersOf(form);
    asking?.abort();
    asked = "";
    if (list.hidden) return;
    list.hidden = true;
    for (const name of ["aria-activedescendant", "aria-controls", "aria-autocomplete"]) form.elements.body.removeAttribute(name);
  };

  const point = (form, option) => {
    for (const each of offersOf(form).querySelectorAll("[role=option]")) each.setAttribute("aria-selected", String(each === option));
    form.elements.body.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const offer = async (form) => {
    const box = form.elements.body;
    const found = begun(box);
    const name = found?.[1] ?? "";
    if (!found || /\s{2}|\s$/.test(name) || (nobody && name.startsWith(nobody))) return close(form);
    const list = offersOf(form);
    asking?.abort();
    asking = new AbortController();
    asked = name;
    try {
      const { signal } = asking;
      const answer = await fetch(`${list.dataset.from}?q=${encodeURIComponent(name)}`, { headers: { "HX-Request": "true" }, signal });
      const part = answer.ok ? await answer.text() : "";
      if (signal.aborted || asked !== name) return;
      list.innerHTML = part;
    } catch {
      return;
    }
    const options = [...list.querySelectorAll("[role=option]")];
    nobody = options.length ? null : name;
    if (!options.length) return close(form);
    options.forEach((option, number) => (option.id = `${list.id}-${number}`));
    list.hidden = false;
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", list.id);
    point(form, options[0]);
  };

  const take = (form, option) => {
    const box = form.elements.body;
    const found = begun(box);
    const end = box.selectionStart;
    close(form);
    if (found) type(box, `${option.textContent.trim()} `, end - (found[1] ?? "").length, end);
    close(form);
  };

  let pause = null;
  document.addEventListener("input", (event) => {
    const form = event.target.name === "body" && composerOf(event);
    if (!form) return;
    clearTimeout(pause);
    if (begun(event.target)) pause = setTimeout(offer, 120, form);
    else close(form);
  });
  document.addEventListener(
    "keydown",
    (event) => {
      const form = event.target.name === "body" && composerOf(event);
      if (!form || offersOf(form).hidden || event.ctrlKey || event.metaKey) return;
      const options = [...offersOf(form).querySelectorAll("[role=option]")];
      const here = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
      const to = { ArrowDown: here + 1, ArrowUp: here - 1 }[event.key];
      if (to !== undefined) point(form, options[(to + options.length) % options.length]);
      else if (event.key === "Enter" || event.key === "Tab") take(form, options[here]);
      else if (event.key === "Escape") close(form);
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    true,
  );
  document.addEventListener("mousedown", (event) => event.target.closest?.(".offers") && event.preventDefault());
  document.addEventListener("click", (event) => {
    const option = event.target.closest?.(".offers [role=option]");
    if (option) take(composerOf(event), option);
  });
  document.addEventListener("focusout", (event) => {
    const form = event.target.name === "body" && composerOf(event);
    if (form) close(form);
  });

  Object.assign(readingGroup, { bringWordsBack, letGo });
  bringWordsBack(document);
  // The box covers the foot of the window now, the more with words in it: what has the focus comes out from under it.
  const here = document.activeElement;
  if (here?.closest("#discussion") && !here.closest("#composer")) here.scrollIntoView({ block: "nearest" });
  saveAll();
})();
