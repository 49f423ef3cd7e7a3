import { create, safe } from './dom';

// traps are the fields that people do not see and bots fill.
export const traps = new Map<Element, HTMLInputElement>();

// setTrap puts one into a form. It has no name, so that the browser never submits it.
export const setTrap = (form: HTMLFormElement): void => {
  if (traps.has(form)) return;
  const el = create('input', { tabIndex: -1, autocomplete: 'off', ariaHidden: 'true' });
  el.style.cssText = 'position:fixed;top:-99px';
  traps.set(form, el);
  safe(form).append(el);
};
