import { setting } from './settings';

// Answer is what came of a submission: status 0 means that no answer came.
export interface Answer {
  success: boolean;
  status: number;
  error?: { code: string; message: string; fields?: { pointer: string; message: string }[] };
}

// Submission is one delivery to the door. Its id makes repetitions of it one.
export interface Submission {
  id: string;
  url: string;
  body: string;
  at: number;
  answer?: Promise<Answer>;
  failed?: boolean;
}

// post sends a body once. It goes as text/plain, which needs no preflight, and keepalive outlives the page as long as 64 kB suffice.
const post = async ({ url, body }: Submission): Promise<Answer> => {
  try {
    const res = await fetch(url, {
      method: 'POST', body, keepalive: body.length < 2e4, signal: AbortSignal.timeout(+setting('timeout') || 6e3),
    });
    const { status } = res;
    return { success: res.ok, status, error: status === 400 ? (await res.json()).error : undefined };
  } catch {
    return { success: false, status: 0 };
  }
};

// waiting are the submissions between two attempts. When the page goes, each is sent once more without waiting
// for an answer.
const waiting = new Set<Submission>();

addEventListener('pagehide', () => waiting.forEach((sub) => navigator.sendBeacon(sub.url, sub.body)));

// send sends a submission, and again after each delay as long as trying may help.
export const send = async (sub: Submission, [delay, ...delays]: number[]): Promise<Answer> => {
  const answer = await post(sub);
  const { status } = answer;
  sub.failed = !answer.success;
  if (!delay || (status && status !== 429 && status < 500)) return answer;
  waiting.add(sub);
  await new Promise((wake) => setTimeout(wake, delay));
  waiting.delete(sub);
  return send(sub, delays);
};
