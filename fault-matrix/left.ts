import type { Limit } from '../src/core/limit/limit.ts';
import type { VendorRig } from '../test/vendor-rig.ts';
import type { Standing } from './fault.ts';
import { spanOf } from './span.ts';

/** What an account is left with, as a rule sees it and in words. */
export type Left = { readonly standing: Standing; readonly words: string | null };

export function leftOf(rig: VendorRig, label: string): Left {
  const state = rig.book.state.accounts.get(rig.id(label));
  if (state === undefined) throw new Error(`there is no account ${label}`);
  if (state.account.standing === 'needs-login') return { standing: 'needs login', words: `${label} needs login` };
  const now = rig.clock();
  const closed = [...state.limits.values()].filter(({ until }) => until > now);
  if (closed.length > 0) {
    return { standing: 'closed', words: `${label} closed ${closed.map((limit) => wordsOf(limit)).join(' and ')}` };
  }
  if (state.restUntil > now) return { standing: 'resting', words: `${label} rests ${spanOf(state.restUntil - now)}` };
  return { standing: 'open', words: null };
}

function wordsOf({ window, family, until, observedAt, source }: Limit): string {
  const guess = source === 'estimated' ? ', a guess' : '';
  return `${window}${family === null ? '' : ` of ${family}`} ${spanOf(until - observedAt)}${guess}`;
}

/** Requests for an answer that each account got, a refused upgrade among them. */
export function sendsOf({ simulator }: VendorRig): { a: number; b: number } {
  const asked = simulator.requests.filter(
    ({ method, via, path, status }) =>
      via === 'frame' || (via === 'upgrade' ? status !== 101 : method === 'POST' && !path.includes('token')),
  );
  const of = (label: string): number => asked.filter(({ credential }) => credential === label).length;
  return { a: of('a'), b: of('b') };
}
