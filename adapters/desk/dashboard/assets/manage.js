// What the pages that look after things do beyond HTML.
"use strict";
(() => {
  // On a phone a row of a table is shown as a list, in which every cell says under which head it stands. It stays a table to who hears it.
  const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
  const list = (table) => {
    const heads = [...table.querySelectorAll("thead th")].map((th) => (th.querySelector(".hidden, input") ? "" : th.textContent.trim()));
    for (const row of table.tBodies[0] ? table.tBodies[0].rows : []) {
      [...row.cells].forEach((cell, i) => {
        if (cell.tagName === "TD") cell.dataset.th = heads[i] || "";
      });
    }
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
      part.setAttribute("role", roles[part.tagName] || (part.scope === "row" ? "rowheader" : "columnheader"));
    }
    table.classList.add("listed");
  };

  const lists = () => { for (const table of document.querySelectorAll("table.wide:not(.listed)")) list(table); };

  const ready = () => {
    lists();
    // On a phone the navigation is wider than the screen: it shows where one is.
    const here = document.querySelector(".top nav [aria-current]");
    const nav = here && here.closest("nav");
    if (nav) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;

    // After a step was added or moved, the page opens where it is.
    const mark = document.querySelector("[data-focus]");
    const target = mark && document.getElementById(mark.dataset.focus);
    if (target) {
      target.scrollIntoView({ block: "center" });
      const field = target.querySelector("input:not([type=hidden]), textarea, select");
      if (field) field.focus({ preventScroll: true });
    }
  };
  document.addEventListener("htmx:after:swap", lists);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
