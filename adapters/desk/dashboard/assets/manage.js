// What the pages that look after things do beyond HTML.
"use strict";
(() => {
  const ready = () => {
    // After a step was added or moved, the page opens where it is.
    const mark = document.querySelector("[data-focus]");
    const target = mark && document.getElementById(mark.dataset.focus);
    if (target) {
      target.scrollIntoView({ block: "center" });
      const field = target.querySelector("input:not([type=hidden]), textarea, select");
      if (field) field.focus({ preventScroll: true });
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
