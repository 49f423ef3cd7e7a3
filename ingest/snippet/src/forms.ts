import { attribute, doc, safe } from './dom';
import { controls, isSecret, knownFields } from './fields';
import { endpoint, setting } from './settings';

// notLeads are the forms of people who are customers already, want to leave, or write to the world.
const notLeads =
  /\blog.?in\b|\bsign.?in\b|check.?out|unsubscri|opt.?out|abmeld|sabonn|sin?scri|\bbaja|forgot|(lost|reset).?pass|comment/i;

// isLead reports whether a form asks for a lead: it has a field for an email address or a phone number, and is no login, checkout or
// unsubscription. What data-forms lists is one, and nothing else then.
export const isLead = (form: HTMLFormElement): boolean => {
  if (safe(form).closest('[data-leads-ignore]')) return false;
  const listed = setting('forms');
  if (listed) return safe(form).matches(listed);
  const all = controls(form);
  const texts = ['action', 'id', 'name'].map((name) => attribute(form, name));
  const buttons = all.map((el) => (el.type === 'submit' ? el.textContent || el.value : ''));
  return /email|phone/.test('' + [...knownFields(form).values()]) && !all.some(isSecret) && !notLeads.test(texts + '\n' + buttons);
};

// ownAction returns where the form goes without us, or "" if nowhere: the page itself, or the door, which we speak to better.
export const ownAction = (form: HTMLFormElement): string => {
  const action = attribute(form, 'action');
  const url = new URL(action, doc.baseURI).href;
  return /^(#|javascript:|$)/i.test(action) || url.startsWith(endpoint(form)) ? '' : url;
};

// takesOver reports whether we are to submit the form in the place of the browser.
export const takesOver = (form: HTMLFormElement): boolean => {
  const mode = setting('mode', form);
  return mode === 'ajax' || (mode !== 'observe' && attribute(form, 'method') !== 'dialog' && !ownAction(form));
};
