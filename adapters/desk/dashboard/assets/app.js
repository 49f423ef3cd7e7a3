// What pages do beyond HTML: the live inbox, picking leads, dragging cards, copying. Everything works without it too.
// Texts of leads never pass through here as HTML: the server sends pages, and htmx puts them in.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // The message of an action is in the address; a reload should not show it again.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    here.searchParams.delete("n");
    history.replaceState(history.state, "", here);
  }

  const say = (text) => {
    const box = document.getElementById("say");
    if (box) box.textContent = text;
  };

  // Picking leads: the box in the header picks all, and the bar of actions shows when one is picked.
  const picked = new Set();
  const boxes = () => [...document.querySelectorAll("input[name=id][type=checkbox]")];
  const count = () => {
    const all = boxes();
    picked.clear();
    for (const box of all) if (box.checked) picked.add(box.value);
    const n = picked.size;
    const bar = document.querySelector(".bulk");
    if (bar) bar.classList.toggle("idle", n === 0);
    const shown = document.getElementById("picked");
    if (shown) shown.textContent = shown.dataset.text.replace("%s", String(n));
    const every = document.getElementById("all");
    if (every) {
      every.checked = n > 0 && n === all.length;
      every.indeterminate = n > 0 && n < all.length;
    }
  };
  document.addEventListener("change", (e) => {
    if (e.target.id === "all") for (const box of boxes()) box.checked = e.target.checked;
    if (e.target.id === "all" || e.target.name === "id") count();
  });

  // What is new in the list lights up, and what was picked stays picked.
  let known = null;
  let moved = null;
  document.addEventListener("submit", (e) => {
    const tile = e.target.closest(".tile");
    moved = tile ? tile.dataset.lead : null;
  });
  // After an action without a new page the message is read out, and who works by keyboard goes on where they were.
  const settle = () => {
    const flash = document.querySelector("main > .flash");
    if (flash) say(flash.textContent);
    if (document.activeElement !== document.body && document.activeElement !== null) return;
    const tile = moved && document.querySelector(`.tile[data-lead="${CSS.escape(moved)}"] summary`);
    const to = tile || document.getElementById("main");
    if (to) to.focus({preventScroll: true});
  };
  const rows = () => [...document.querySelectorAll("tr[data-lead]")];
  const remember = () => { known = new Set(rows().map((row) => row.dataset.lead)); };
  document.addEventListener("htmx:before:swap", () => { count(); remember(); });
  document.addEventListener("htmx:after:swap", () => {
    for (const box of boxes()) box.checked = picked.has(box.value);
    count();
    if (known) for (const row of rows()) if (!known.has(row.dataset.lead)) row.classList.add("fresh");
    known = null;
    prepare();
    settle();
  });
  document.addEventListener("leads", (e) => {
    const n = Number(e.detail && e.detail.data);
    const live = document.getElementById("live");
    if (n > 0 && live) say(live.dataset[n === 1 ? "one" : "other"].replace("%s", String(n)));
  });

  // Escape hides the reasons of a score while they are in the way.
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    for (const why of document.querySelectorAll(".why:hover, .why:focus-within")) why.classList.add("off");
  });
  for (const kind of ["focusin", "pointerover"]) {
    document.addEventListener(kind, (e) => {
      for (const why of document.querySelectorAll(".why.off")) if (!why.contains(e.target)) why.classList.remove("off");
    });
  }

  // Copying the text of an element: <button data-copy="id">.
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    if (!from) return;
    try {
      await navigator.clipboard.writeText(from.value ?? from.textContent);
      say(button.dataset.copied || "");
      const text = button.textContent;
      button.textContent = button.dataset.copied || text;
      setTimeout(() => { button.textContent = text; }, 1500);
    } catch {
      getSelection().selectAllChildren(from);
    }
  });

  // Dragging a card sends the form that it holds, with another stage.
  let dragged = null;
  const column = (e) => dragged && e.target.closest && e.target.closest(".column");
  const unmark = () => document.querySelectorAll(".column.over").forEach((c) => c.classList.remove("over"));
  document.addEventListener("dragstart", (e) => {
    const tile = e.target.closest && e.target.closest(".tile[draggable]");
    if (!tile) return;
    dragged = tile;
    tile.classList.add("dragged");
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", tile.dataset.lead);
  });
  document.addEventListener("dragend", () => {
    if (dragged) dragged.classList.remove("dragged");
    dragged = null;
    unmark();
  });
  document.addEventListener("dragover", (e) => {
    const over = column(e);
    if (!over) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = "move";
    if (!over.classList.contains("over")) {
      unmark();
      over.classList.add("over");
    }
  });
  document.addEventListener("drop", (e) => {
    const over = column(e);
    if (!over) return;
    e.preventDefault();
    unmark();
    const form = dragged.querySelector("form");
    if (dragged.closest(".column") === over || !form) return;
    over.querySelector("ul").prepend(dragged);
    form.elements.namedItem("stage").value = over.dataset.stage;
    HTMLFormElement.prototype.requestSubmit.call(form);
  });

  // What only works with a script is shown by it.
  const prepare = () => {
    for (const every of document.querySelectorAll("#all")) every.hidden = false;
    for (const tile of document.querySelectorAll(".tile[data-drag]")) tile.draggable = true;
  };
  document.addEventListener("DOMContentLoaded", () => { prepare(); count(); });
  if (document.readyState !== "loading") { prepare(); count(); }
})();
