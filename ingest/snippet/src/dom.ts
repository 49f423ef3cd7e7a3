// safe is a view of a node whose properties come from its prototype alone: a form with a field named "submit", "action" or "elements",
// or a page with an image named "currentScript", hides the property of that name from who asks the node itself (DOM clobbering).
export const safe = <T extends Node>(node: T): T =>
  new Proxy(node, {
    get(_, name) {
      const value = Reflect.get(Object.getPrototypeOf(node), name, node);
      return typeof value === 'function' ? value.bind(node) : value;
    },
  });

export const doc = safe(document);

// attribute returns an attribute, "" if there is none.
export const attribute = (el: Element, name: string): string => safe(el).getAttribute(name) || '';

// quietly runs f, and lets the page go on as without us if that fails.
export const quietly = <T>(f: () => T): T | undefined => {
  try {
    return f();
  } catch {
    return undefined;
  }
};

// create makes an element with these properties.
export const create = <K extends keyof HTMLElementTagNameMap>(tag: K, properties?: Partial<HTMLElementTagNameMap[K]>): HTMLElementTagNameMap[K] =>
  Object.assign(doc.createElement(tag), properties);
