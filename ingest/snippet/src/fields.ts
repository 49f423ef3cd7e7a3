import { attribute, safe } from './dom';
import { setting } from './settings';

// Control is what forms have. Each kind of control has some of these properties.
export interface Control extends HTMLElement {
  type: string;
  name: string;
  form?: HTMLFormElement | null;
  value: string;
  checked?: boolean;
  disabled?: boolean;
  labels?: ArrayLike<HTMLLabelElement>;
  selectedOptions?: HTMLCollectionOf<HTMLOptionElement>;
}

export type Data = Record<string, unknown>;

// kinds are the known fields and the words by which a field tells that it holds one, in the order in which they are tried. "" is what
// looks like a known field and is none, "name" a whole name.
const kinds: [string, RegExp][] = [
  ['email', /email|\be mail|courriel|correo/],
  ['', /user ?name|title|country/],
  ['phone', /phone|\btel\b|telef|\bmobil|\bhandy(n|\b)|\bcel[lu]|m[óo]vil/],
  ['company', /\bcompany|organi|firma|unternehm|empresa|entrepr|soci[ée]t|aziend/],
  ['lastName', /\blast ?(name|$)|\blname|surname|family ?n|nachname|apell?id|cognom|sobren/],
  ['firstName', /\bfirst ?(name|$)|\bfname|given ?n|vorname|pr[ée]nom/],
  ['name', /name|\bnom\b|nombre|\bnome\b|naam/],
];

// secret are the fields that nobody but the page may read.
const secret = /pass ?w|card ?n|\bcc|cv[vc]|\biban|\bssn\b|\botp\b|one ?time/;

// attributed are the hidden fields that are read all the same: answers of captchas and the campaign parameters that pages fill in.
const attributed = /-response$|^utm_|clid$/;

const labelOf = (el: Control): string => (((el.labels || [])[0] || 0) as Node).textContent || attribute(el, 'aria-label');

// textsOf are the texts that tell what a field holds, the surest first, in words: "contact[first_name]" is "contact first name".
const textsOf = (el: Control): string[] =>
  [attribute(el, 'data-leads-field'), attribute(el, 'autocomplete'), el.type, el.name, labelOf(el), el.id, attribute(el, 'placeholder')]
    .map((text) => (text || '').replace(/[^\p{L}\d]+/gu, ' ').toLowerCase());

export const controls = (form: HTMLFormElement): Control[] => [...safe(form).elements] as Control[];

// isSecret reports whether a field holds what is to be paid or logged in with.
export const isSecret = (el: Control): boolean => !attributed.test(el.name) && textsOf(el).some((text) => secret.test(text));

// isPrivate reports whether a field is none of our business: hidden ones are, unless they are listed or hold attribution.
const isPrivate = (el: Control): unknown =>
  isSecret(el) || /file|submit|button|reset|image|output/.test(el.type) || el.closest('[data-leads-ignore]') ||
  (el.type === 'hidden' && !attributed.test(el.name) && !el.matches(setting('fields') || '_'));

// knownFields tells which controls of a form hold which known fields: for each the one that is surest, the first of equals. The others
// that look like it have "".
export const knownFields = (form: HTMLFormElement): Map<Control, string> => {
  const known = new Map<Control, string>();
  const open = controls(form).filter((el) => /^(text$|num|em|tel|und)/.test(el.type) && !isPrivate(el));
  for (let i = 0; i < 7; i++) {
    open.forEach((el) => {
      const kind = !known.has(el) && kinds.find((kind) => kind[1].test(textsOf(el)[i]));
      if (kind) known.set(el, [...known.values()].includes(kind[0]) ? '' : kind[0]);
    });
  }
  return known;
};

// valuesOf returns what a control would submit. A custom element that takes part in forms shows its value only in the form's data.
const valuesOf = (form: HTMLFormElement, el: Control): unknown[] =>
  el.matches(':disabled') || (/checkbox|radio/.test(el.type) && !el.checked) ? []
  : el.selectedOptions ? Array.from(el.selectedOptions, (option) => option.value)
  : el.value === undefined ? new FormData(form).getAll(el.name)
  : [el.value];

// collect reads a form as it would be submitted, less what is private and what is empty. A whole name is split, unless the form has one
// of its parts already. Names that begin with "_" belong to the door.
export const collect = (form: HTMLFormElement): Data => {
  const data: Data = { __proto__: null }; // a field may be named __proto__
  const known = knownFields(form);
  let whole: string | undefined;
  controls(form).slice(0, 200).forEach((el) => { // the door takes 256 members
    const kind = known.get(el);
    const name = (kind || el.name || el.id || labelOf(el)).slice(0, 99);
    if (!name || /^_(?!hp$|_)/.test(name) || isPrivate(el)) return;
    valuesOf(form, el).forEach((value) => {
      if (typeof value !== 'string' || !value.trim()) return;
      if (kind) value = value.trim();
      if (kind === 'name') whole = value as string;
      else data[name] = name in data ? ([] as unknown[]).concat(data[name], value) : value;
    });
  });
  if (whole) {
    const parts = /^(.+)\s(\S+)$/.exec(whole);
    if (data.firstName) data.lastName = data.lastName || whole;
    else if (data.lastName || !parts) data.firstName = whole;
    else [, data.firstName, data.lastName] = parts;
  }
  return data;
};
