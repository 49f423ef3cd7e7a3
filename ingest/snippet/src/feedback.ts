import { create, doc, safe } from './dom';
import { Control, controls, knownFields } from './fields';
import { setting } from './settings';
import { Answer } from './transport';

const regions = new Map<Element, Element>();

// show writes a message behind the form.
export const show = (form: HTMLFormElement, kind: string, text = ''): void => {
  const region = regions.get(form)!;
  region.className = (setting('class', form) || 'leads-message') + ' leads-' + kind;
  region.textContent = text;
};

// begin shows that a form is being sent. The place of its message is there, and empty, before it is filled, so that screen readers
// announce what comes. The function that it returns ends the sending.
export const begin = (form: HTMLFormElement): (() => void) => {
  const region = regions.get(form) || create('div', { id: 'leads-' + regions.size, role: 'status', ariaLive: 'polite' });
  safe(form).after(region);
  regions.set(form, region);
  show(form, 'busy');
  const focused = doc.activeElement as Control;
  const buttons = controls(form).filter((el) => /submit|image/.test(el.type) && !el.disabled);
  const disable = (on: boolean): void => {
    form.ariaBusy = on as never; // becomes text
    buttons.forEach((el) => (el.disabled = on));
  };
  disable(true);
  return () => {
    disable(false);
    if (doc.activeElement === doc.body) focused.focus(); // a button that is disabled loses it
  };
};

// blame marks the fields that the door refused and tells why.
export const blame = (form: HTMLFormElement, { error }: Answer): void => {
  const fields = (error && error.fields) || [];
  show(form, 'error', [setting('error', form) || 'Please check what you entered:', ...fields.map((field) => field.message)].join(' '));
  fields.reverse().forEach(({ pointer }) => {
    const name = pointer.slice(1);
    const el = controls(form).find((el) => knownFields(form).get(el) === name || el.name === name);
    if (!el) return;
    el.ariaInvalid = 'true';
    el.setAttribute('aria-errormessage', regions.get(form)!.id);
    el.addEventListener('input', () => (el.ariaInvalid = null));
    el.focus();
  });
};
