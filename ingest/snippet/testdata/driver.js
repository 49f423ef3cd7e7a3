// Fills the form of a test page and submits it, as a visitor would. The page says what to do in window.plan.
(() => {
  const query = Document.prototype.querySelector;
  const one = (selector) =>
    selector.startsWith('js:')
      ? window[selector.slice(3)]
      : selector.split(' >>> ').reduce((root, part) => root && (root === document ? query.call(root, part) : root.shadowRoot && root.shadowRoot.querySelector(part)), document);
  const when = (found, then) => {
    const value = found();
    value ? then(value) : setTimeout(() => when(found, then), 20);
  };
  const fill = (el, value) => {
    if (el.type === 'checkbox') return el.click();
    const kind = { TEXTAREA: HTMLTextAreaElement, SELECT: HTMLSelectElement }[el.tagName] || HTMLInputElement;
    Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(el, value);
    el.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
    el.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const plan = window.plan;
  const submit = plan.submit || 'button:not([type=button]),[type=submit]';
  const all = Object.keys(plan.fill).concat(submit);
  when(() => all.every(one), () => {
    Object.entries(plan.fill).forEach(([selector, value]) => fill(one(selector), value));
    (plan.steps || []).forEach((selector) => one(selector).click());
    if (!plan.wait) one(submit).click();
  });
})();
