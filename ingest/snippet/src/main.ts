// The snippet: docs/snippet.md says what it promises. It must never throw into the page.
import { begin, consent } from './attribution';
import { doc, quietly, safe } from './dom';
import { Control, Data } from './fields';
import { isLead, takesOver } from './forms';
import { endpoint } from './settings';
import { deliver, early, late, nativeSubmit, ofForm, prepare } from './submission';
import { setTrap } from './trap';

const isForm = (value: unknown): value is HTMLFormElement => value instanceof HTMLFormElement;

// onSubmit sees a form go before the page does, onSubmitted after it.
const onSubmit = (event: Event): unknown =>
  event.defaultPrevented || quietly(() => isForm(event.target) && isLead(event.target) && early(event as SubmitEvent, event.target));

const onSubmitted = (): void => quietly(late);

const watch = (root: EventTarget): void => {
  root.addEventListener('submit', onSubmit, true);
  root.addEventListener('submit', onSubmitted);
};

const lure = (form?: HTMLFormElement | null): unknown => form && takesOver(form) && isLead(form) && setTrap(form);

// meet gets to know the form in which a visitor begins to do something, however late it came: it may want a trap, or stand in an open shadow
// tree, which submit events do not leave.
const meet = (event: Event): unknown =>
  quietly(() => {
    const el = event.composedPath()[0] as Control;
    if (el.getRootNode() !== document) watch(el.getRootNode());
    lure(el.form);
  });

// capture sends a form or an object, and says how it went.
const capture = async (what: HTMLFormElement | Data): Promise<unknown> =>
  isForm(what) ? deliver(what, ofForm(what)!) : deliver(document, prepare(what));

const page = window as { leads?: { capture?: unknown } };

quietly(() => {
  if (page.leads && page.leads.capture) return; // a second tag
  page.leads = { capture, consent } as never;
  quietly(begin);
  watch(window);
  addEventListener('focusin', meet, true);
  addEventListener('click', meet, true);
  addEventListener('load', () => quietly(() => [...doc.forms].forEach(lure)));

  // form.submit() fires no event. A form that goes to the door itself needs no help.
  HTMLFormElement.prototype.submit = function () {
    quietly(() => {
      const sub = isLead(this) && safe(this).action !== endpoint(this) && ofForm(this);
      if (sub) void deliver(this, sub);
    });
    nativeSubmit.call(this);
  };
});
