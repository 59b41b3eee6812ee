// Ayni console: keys, drafts, the state of the link. Pages work without it; nothing here decides anything.
"use strict";
(() => {
  const $ = (what, where = document) => where.querySelector(what);
  const said = $("#said");
  const say = (words) => { said.textContent = words; };

  // Keys: j and k walk the list, Enter opens, p shows the palette, v d s h open a decision, g and a digit go to a room, / searches, ? lists them.
  let going = false;
  const walk = (step) => {
    const items = [...document.querySelectorAll(".items a")];
    if (!items.length) return;
    const at = items.indexOf(document.activeElement);
    const from = at < 0 ? items.findIndex((item) => item.hasAttribute("aria-current")) : at;
    items[Math.min(items.length - 1, Math.max(0, from + step))].focus();
  };
  const decide = (name) => {
    const box = $(`details[data-key="${name}"]`);
    if (!box) return;
    box.open = true;
    ($("select, input:not([type=hidden]), textarea, button", box)).focus();
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing) { if (event.key === "Escape") event.target.blur(); return; }
    if (going && /^[1-9]$/.test(event.key)) {
      const room = document.querySelectorAll(".rooms a")[event.key - 1];
      going = false;
      if (room) room.click();
      return;
    }
    going = event.key === "g";
    if (event.key === "j") walk(1);
    else if (event.key === "k") walk(-1);
    else if ("vdsh".includes(event.key)) { if ($(`details[data-key="${event.key}"]`)) { event.preventDefault(); decide(event.key); } }
    else if (event.key === "/") { const box = $("#q"); if (box) { event.preventDefault(); box.focus(); box.select(); } }
    else if (event.key === "?") { const keys = $("#keys"); if (keys && !keys.open) keys.showModal(); }
  });
  addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("details.who[open]")) if (!open.contains(event.target)) open.open = false;
  });

  // The palette: everything this page can do, by its name. Ctrl+K or p opens it; nothing in it is not on the page as well.
  const palette = $("#palette");
  if (palette) {
    const box = $("input", palette), list = $("ul", palette);
    const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    let found = [];
    const commands = () => [...document.querySelectorAll(".rooms a, .sheet a, .detail a.button, .decide summary, .filter a, .more a")]
      .filter((one) => one.textContent.trim())
      .map((one) => ({ words: one.textContent.trim(), run: () => (one.matches("summary") ? decide(one.parentElement.dataset.key) : one.click()) }));
    const point = (at) => {
      [...list.children].forEach((one, index) => one.setAttribute("aria-selected", index === at));
      const chosen = list.children[at];
      if (chosen) { box.setAttribute("aria-activedescendant", chosen.id); chosen.scrollIntoView({ block: "nearest" }); }
      else box.removeAttribute("aria-activedescendant");
    };
    const at = () => [...list.children].findIndex((one) => one.getAttribute("aria-selected") === "true");
    const run = (index) => { const one = found[index]; if (one) { palette.close(); one.run(); } };
    const show = () => {
      const wanted = plain(box.value.trim()).split(/\s+/);
      found = commands().filter((one) => wanted.every((word) => plain(one.words).includes(word)));
      const search = $("#q");
      if (search && box.value.trim()) {
        found.push({ words: palette.dataset.search.replace("…", box.value.trim()), run: () => { search.value = box.value.trim(); search.form.submit(); } });
      }
      list.replaceChildren(...found.map((one, index) => {
        const item = document.createElement("li");
        item.id = `command-${index}`;
        item.setAttribute("role", "option");
        item.textContent = one.words;
        item.addEventListener("click", () => run(index));
        return item;
      }));
      point(found.length ? 0 : -1);
    };
    box.addEventListener("input", show);
    box.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); point(Math.min(found.length - 1, at() + 1)); }
      else if (event.key === "ArrowUp") { event.preventDefault(); point(Math.max(0, at() - 1)); }
      else if (event.key === "Enter") { event.preventDefault(); run(at()); }
    });
    const open = () => { if (!palette.open) { box.value = ""; show(); palette.showModal(); } };
    addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, textarea, select, [contenteditable]");
      const bare = event.key === "p" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (bare || (event.key === "k" && (event.ctrlKey || event.metaKey))) { event.preventDefault(); open(); }
    });
  }

  // Drafts: what is typed into a form with data-draft stays on this machine until the node has taken it.
  // Kept per officer, so that the next one at this machine does not see it; thrown away after a day.
  const DAY_MS = 86400000;
  const officer = document.body.dataset.officer || "";
  const prefix = "ayni-draft:";
  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  const read = (key) => { try { return JSON.parse(store.getItem(key)); } catch { return null; } };
  const fields = (form) => [...form.elements].filter((one) => one.name && !["hidden", "password", "submit", "button", "file"].includes(one.type));
  if (store) {
    for (const key of Object.keys(store)) {
      if (!key.startsWith(prefix)) continue;
      const kept = read(key);
      if (!kept || Date.now() - kept.at > DAY_MS) store.removeItem(key);
    }
    const taken = $("[data-taken]");
    if (taken && officer) store.removeItem(`${prefix}${officer}:${taken.dataset.taken}`);
  }
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!store || !officer) break;
    const key = `${prefix}${officer}:${form.dataset.draft}`;
    const kept = read(key);
    if (kept && !form.hasAttribute("data-answered")) {
      for (const one of fields(form)) {
        if (!(one.name in kept.values)) continue;
        if (one.type === "checkbox" || one.type === "radio") one.checked = kept.values[one.name].includes(one.value);
        else one.value = kept.values[one.name][0] ?? "";
      }
      const box = form.closest("details");
      if (box) box.open = true;
      say(said.dataset.restored);
      const note = document.createElement("p");
      note.className = "note";
      note.textContent = said.dataset.restored;
      form.prepend(note);
    }
    const keep = () => {
      const values = {};
      for (const one of fields(form)) {
        const off = (one.type === "checkbox" || one.type === "radio") && !one.checked;
        values[one.name] = (values[one.name] || []).concat(off ? [] : [one.value]);
      }
      try { store.setItem(key, JSON.stringify({ at: Date.now(), values })); } catch { /* full: the form itself still holds it */ }
    };
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
  }

  // News: asked for once a minute while somebody looks, and told once. What is new is counted by the node, from clear columns.
  const news = $("[data-news]");
  if (news) {
    const title = document.title;
    let told = 0, over = false;
    const ask = async () => {
      if (over || document.visibilityState !== "visible") return;
      try {
        const answer = await fetch(news.dataset.news, { headers: { Accept: "application/json" } });
        if (answer.redirected || answer.status === 403) { over = true; return; } // signed out, or not theirs to know
        if (!answer.ok) return;
        const { count, short, words } = await answer.json();
        news.hidden = !count;
        news.textContent = short;
        news.title = words;
        document.title = count ? `(${count}) ${title}` : title;
        if (count > told && told) say(words);
        told = count;
      } catch { /* the link is down: the next minute asks again */ }
    };
    ask();
    setInterval(ask, 60000);
    addEventListener("visibilitychange", ask);
  }

  // Where I was: the address of the last page looked at, per officer, for half a day; offered on the watch, which is never it.
  const HALF_DAY_MS = 43200000;
  if (store && officer) {
    const key = `ayni-last:${officer}`;
    const back = $("[data-continue]");
    const last = read(key);
    if (back && last && Date.now() - last.at < HALF_DAY_MS && /^\/[^/\\]/.test(last.path)) {
      back.href = last.path;
      back.hidden = false;
    } else if (!back && $("main form, main .detail, main .panes, main .chart") && !/^\/(mandate|me|sign-)/.test(location.pathname)) {
      try { store.setItem(key, JSON.stringify({ at: Date.now(), path: location.pathname + location.search })); } catch { /* full: nothing to go back to */ }
    }
  }

  // The link.
  addEventListener("offline", () => say(said.dataset.lost));
  addEventListener("online", () => say(said.dataset.back));
})();
