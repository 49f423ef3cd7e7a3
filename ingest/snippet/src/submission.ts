import { attribution } from './attribution';
import { create, doc, safe } from './dom';
import { begin, blame, show } from './feedback';
import { collect, Data } from './fields';
import { ownAction, takesOver } from './forms';
import { endpoint, setting } from './settings';
import { Answer, send, Submission } from './transport';
import { traps } from './trap';

// nativeSubmit is form.submit as it was before the snippet.
export const nativeSubmit = HTMLFormElement.prototype.submit;

const recent = new Map<string, Submission>();

// prepare makes a submission of data, or returns the one that it repeats: a double click within 10 s, or another try.
export const prepare = (data: Data, form?: HTMLFormElement): Submission => {
  const url = endpoint(form);
  const content = url + JSON.stringify(data);
  const at = Date.now();
  const old = recent.get(content);
  if (old && (old.failed || at - old.at < 1e4)) return old;
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-');
  const trap = form && traps.get(form);
  const extra = { _id: id, _t: form && performance.now() | 0, _hp: (trap && trap.value) || data._hp };
  const sub = { id, url, body: JSON.stringify({ ...data, ...attribution(), ...extra }), at };
  recent.set(content, sub);
  return sub;
};

// ofForm makes a submission of a form, or nothing if it bears no address or number and is not listed.
export const ofForm = (form: HTMLFormElement): Submission | undefined => {
  const data = collect(form);
  return data.email || data.phone || setting('forms') ? prepare(data, form) : undefined;
};

// deliver sends a submission unless it is under way or has arrived, and tells the page by an event, which the page may cancel if it leaves
// nothing more to us. While somebody waits the delays are short.
export const deliver = async (target: Node, sub: Submission, delays = [1e3, 5e3, 3e4], then?: (answer: Answer) => void): Promise<Answer> => {
  const first = !sub.answer || sub.failed;
  if (first) sub.answer = send(sub, delays);
  sub.failed = false;
  const answer = await sub.answer!;
  const detail = { id: sub.id, ...answer };
  const event = new CustomEvent(answer.success ? 'leads:success' : 'leads:error', { bubbles: true, composed: true, cancelable: true, detail });
  if ((!first || safe(target).dispatchEvent(event)) && then) then(answer);
  return answer;
};

// goOn submits a form as the browser would have, or, when it has nowhere to go, posts what was collected to the door as a plain form:
// the parameters of _utm stand for themselves there, and lists repeat their name.
const goOn = (form: HTMLFormElement, submitter: HTMLButtonElement | null, { url, body }: Submission): void => {
  const add = (name: string, value: string): void => safe(form).append(create('input', { type: 'hidden', name, value }));
  if (ownAction(form)) {
    if (submitter && submitter.name) add(submitter.name, submitter.value);
  } else {
    doc.documentElement.append((form = create('form', { method: 'post', action: url })));
    const { _utm, _touches, ...data } = JSON.parse(body);
    Object.entries({ ...data, ..._utm }).forEach(([name, value]) => ([] as unknown[]).concat(value).forEach((one) => add(name, one as string)));
  }
  nativeSubmit.call(form);
};

const busy = new Set<HTMLFormElement>();

// takeOver submits a form in the place of the browser. What does not arrive goes on natively; what the door refuses stays, with the
// reason.
const takeOver = async (form: HTMLFormElement, submitter: HTMLButtonElement | null, sub: Submission): Promise<void> => {
  const end = begin(form);
  busy.add(form);
  await deliver(form, sub, [900], (answer) => {
    if (answer.success) {
      const to = setting('redirect', form);
      show(form, 'success', setting('success', form) || 'Thank you.');
      safe(form).reset();
      if (/^(https?:|\/)/.test(to)) location.assign(to);
    } else if (answer.status === 400) {
      blame(form, answer);
    } else {
      goOn(form, submitter, sub);
    }
  });
  busy.delete(form);
  end();
};

// decide is what is to be done about the submit event that is on its way through the page.
let decide: (() => void) | undefined;

// early sees a submit event before the page does. What goes on natively is sent at once. The rest waits for what the page does with it:
// what nobody handled is taken over; what a handler refused because it is not valid was no submission; the rest is sent as it was.
export const early = (event: SubmitEvent, form: HTMLFormElement): void => {
  if (busy.has(form)) return event.preventDefault();
  const sub = ofForm(form);
  if (!sub) return;
  const submitter = event.submitter as HTMLButtonElement | null;
  const valid = safe(form).matches(':valid');
  const ajax = setting('mode', form) === 'ajax';
  const ours = takesOver(form);
  if (ajax) event.preventDefault();
  const mine = (decide = () => {
    if (decide !== mine) return;
    decide = undefined;
    if (ajax || (ours && !event.defaultPrevented && event.eventPhase)) {
      event.preventDefault();
      takeOver(form, submitter, sub).catch(() => goOn(form, submitter, sub));
    } else if (valid || !event.defaultPrevented) {
      void deliver(form, sub);
    }
  });
  if (valid && !ours) decide();
  else setTimeout(mine);
};

// late is called when the event has passed the page's own handlers, if they let it, and when the page goes.
export const late = (): void => decide && decide();
addEventListener('pagehide', late);
