import { doc, quietly } from './dom';
import { setting } from './settings';

// Touch is one visit, or one arrival by a campaign or from another site.
interface Touch {
  at: string;
  landing: string;
  referrer?: string;
  utm?: Record<string, string>;
}

// level says what may be remembered: 0 nothing, 1 this session, 2 the visitor from visit to visit.
let level: number;

let touches: Touch[] = [];

// Address is what the page's own address and a parsed one have in common.
type Address = Pick<Location, 'host' | 'origin' | 'pathname' | 'search'>;

// campaignOf returns the campaign parameters of an address, and the click identifiers unless nothing may be remembered.
const campaignOf = (url: Address): Record<string, string> | undefined => {
  let found: Record<string, string> | undefined;
  new URLSearchParams(url.search).forEach((value, name) => {
    if (value && !/@/.test(value) && (level ? /^utm_|clid$|braid$|^(li_fat_id|rdt_cid|epik|ScCid)$/ : /^utm_/).test(name))
      found = { ...found, [name]: value.slice(0, 200) };
  });
  return found;
};

// clean strips what may be a secret or a person from an address: user and password, the fragment, all parameters but the campaign's,
// whatever has an "@", and long segments with digits.
const clean = (url: Address): string =>
  (url.origin + url.pathname.replace(/[^/]*(@|%40)[^/]*|(?=[^/]*\d)[\w.~-]{32,}/g, '-') + '?' + new URLSearchParams(campaignOf(url)))
    .replace(/\?$/, '').slice(0, 2e3);

type Kind = 'localStorage' | 'sessionStorage';

// Some browsers refuse their storage, and throw at the mere sight of it.
const load = (kind: Kind): Touch[] | undefined => quietly(() => JSON.parse(window[kind].leads));

const store = (kind: Kind, list?: Touch[] | 0 | false): unknown =>
  quietly(() => (list ? (window[kind].leads = JSON.stringify(list)) : delete window[kind].leads));

// remember notes this page: it is a touch if it begins a visit, or comes of a campaign or another site. What may not be remembered is
// deleted.
const remember = (to: number): void => {
  level = to;
  const from = doc.referrer;
  const touch: Touch = { at: new Date().toISOString(), landing: clean(location), utm: campaignOf(location) };
  if (from && !from.includes('//' + location.host + '/')) touch.referrer = clean(new URL(from));
  const session = level && load('sessionStorage');
  touches = [...((level > 1 && load('localStorage')) || []), ...(session || [])].filter((old) => Date.now() - Date.parse(old.at) < 90 * 864e5);
  const last = touches[touches.length - 1];
  if (!session || !last || ((touch.utm || touch.referrer) && touch.landing !== last.landing)) touches.push(touch);
  if (touches.length > 10) touches.splice(1, 1); // the first stays
  store('sessionStorage', level && (level > 1 ? [] : touches));
  store('localStorage', level > 1 && touches);
};

// consent says whether the visitor agrees to be remembered from visit to visit.
export const consent = (given: boolean): void => remember(given ? 2 : 0);

// begin notes this page, by the consent that the tag speaks of.
export const begin = (): void => {
  const mode = setting('consent');
  const { doNotTrack, globalPrivacyControl } = navigator as { doNotTrack?: string | null; globalPrivacyControl?: boolean };
  remember(doNotTrack === '1' || globalPrivacyControl || mode === 'required' ? 0 : mode === 'granted' ? 2 : 1);
};

// attribution returns what a submission says about how the visitor came: the last campaign, and where this visit came from and began.
export const attribution = (): Record<string, unknown> => {
  const latest = [...touches].reverse();
  const campaign = latest.find((touch) => touch.utm) || latest[0];
  return { _utm: campaign.utm, _referrer: latest[0].referrer, _landing: latest[0].landing, _page: clean(location), _touches: touches };
};
