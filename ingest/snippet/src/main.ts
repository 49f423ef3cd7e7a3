// The snippet: docs/snippet.md says what it promises. It must never throw into the page.
import { begin, consent } from './attribution';
import { quietly, safe } from './dom';
import { Control, Data } from './fields';
import { isLead } from './forms';
import { endpoint } from './settings';
import { deliver, early, late, nativeSubmit, ofForm, prepare } from './submission';
import { setTrap } from './trap';

// onSubmit sees a form go before the page does, late after it.
const onSubmit = (event: Event): void => {
  const form = event.target as HTMLFormElement;
  quietly(() => isLead(form) && early(event as SubmitEvent, form));
};

const watch = (root: EventTarget): void => {
  root.addEventListener('submit', onSubmit, true);
  root.addEventListener('submit', late);
};

// meet gets to know the form in which a visitor begins to do something, however late it came: it may want a trap, or stand in an open shadow
// tree, which submit events do not leave.
const meet = (event: Event): unknown =>
  quietly(() => {
    const el = event.composedPath()[0] as Control;
    const root = el.getRootNode();
    if (root !== document) watch(root);
    if (isLead(el.form!)) setTrap(el.form!); // what is in no form throws
  });

// capture sends a form or an object, and says how it went.
const capture = async (what: HTMLFormElement | Data): Promise<unknown> =>
  what instanceof HTMLFormElement ? deliver(what, ofForm(what)!) : deliver(document, prepare(what));

quietly(() => {
  const page = window as { leads?: object };
  if ('capture' in (page.leads || {})) return; // a second tag
  page.leads = { capture, consent };
  quietly(begin);
  watch(window);
  addEventListener('focusin', meet, true);
  addEventListener('click', meet, true);

  // form.submit() fires no event. A form that goes to the door itself needs no help.
  HTMLFormElement.prototype.submit = function () {
    quietly(() => {
      const sub = isLead(this) && safe(this).action !== endpoint(this) && ofForm(this);
      if (sub) void deliver(this, sub);
    });
    nativeSubmit.call(this);
  };
});
