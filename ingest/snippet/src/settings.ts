import { attribute, doc } from './dom';

// The tag itself. Tools that gather scripts into one leave no current script; then the tag is looked for.
const script = (doc.currentScript || doc.querySelector('script[data-token]')) as HTMLScriptElement;

// setting returns what the form says about name, else what the tag says, else "".
export const setting = (name: string, form?: Element): string =>
  (form && attribute(form, 'data-' + name)) || attribute(script, 'data-' + name);

// endpoint returns where a form's submissions go: to the door that the tag names, else beside the script if that is served by the door,
// else to the usual place of the script's origin. A form's own token has a longer name, because WPForms uses data-token itself.
export const endpoint = (form?: Element): string => {
  const token = (form && attribute(form, 'data-leads-token')) || setting('token');
  return new URL(setting('endpoint') || (/\/webhooks\/[^/]*$/.test(script.src) ? '' : '/api/webhooks/') + token, script.src).href;
};
