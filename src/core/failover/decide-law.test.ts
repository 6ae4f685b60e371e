import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { captured, idOf } from '../../../test/builders.ts';
import type { AccountId } from '../ids.ts';
import type { Selection } from '../pool/selection.ts';
import { decide, isHopFault } from './decide.ts';
import { faults, type Fault } from './outcome.ts';

const now = captured;

type Sent = { readonly account: AccountId; readonly fault: Fault };

/** Plays a request against accounts that fail as scripted, each in the pool's order, and tells all sends. */
function play(accounts: readonly AccountId[], script: readonly Fault[]): Sent[] {
  const sent: Sent[] = [];
  const exclude: AccountId[] = [];
  let hops = 0;
  let account = accounts[0] as AccountId;
  for (const fault of script) {
    sent.push({ account, fault });
    const other = accounts.find((each) => each !== account && !exclude.includes(each));
    const next: Selection =
      other === undefined ? { kind: 'none', skipped: [] } : { kind: 'use', account: other, probe: false, skipped: [] };
    const sendsOnAccount = sent.filter((each) => each.account === account).length;
    const tries = {
      accounts: accounts.length,
      sends: sent.length,
      sendsOnAccount,
      hops,
      passing: false,
      mended: false,
      unrenewed: false,
      repeated: false,
      holdUntil: now,
      jitter: 0,
    };
    const step = decide(tries, { kind: 'failed', fault, detail: '' }, next, now);
    if (step.kind === 'retry-same') continue;
    if (step.kind !== 'next-account') break;
    exclude.push(account);
    if (isHopFault(fault)) hops += 1;
    account = step.account;
  }
  return sent;
}

const pools = fc
  .integer({ min: 1, max: 6 })
  .map((size) => Array.from({ length: size }, (_, index) => idOf(`n${index}`)));
const scripts = fc.array(fc.constantFrom(...faults), { minLength: 30, maxLength: 30 });

test('whatever fails, a request is sent at most twice to an account and at most accounts and two times in all', () => {
  fc.assert(
    fc.property(pools, scripts, (accounts, script) => {
      const sent = play(accounts, script);
      expect(sent.length).toBeLessThanOrEqual(accounts.length + 2);
      for (const account of accounts) {
        const own = sent.filter((each) => each.account === account);
        expect(own.length).toBeLessThanOrEqual(2);
        if (own.length === 2) expect(['overload', 'network', 'scoped']).toContain(own[0]?.fault as string);
      }
    }),
    { numRuns: 3000 },
  );
});

test('whatever fails, nothing is sent after a refused request, and overload and network move it once', () => {
  fc.assert(
    fc.property(pools, scripts, (accounts, script) => {
      const sent = play(accounts, script);
      expect(sent.slice(0, -1).map((each) => each.fault)).not.toContain('request');
      const moves = sent.filter(
        (each, index) => isHopFault(each.fault) && index + 1 < sent.length && sent[index + 1]?.account !== each.account,
      );
      expect(moves.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 3000 },
  );
});

test('a limit on every account is met once on each of them', () => {
  fc.assert(
    fc.property(pools, (accounts) => {
      const sent = play(
        accounts,
        Array.from({ length: 30 }, () => 'window' as const),
      );
      expect(sent.map((each) => each.account)).toEqual(accounts);
    }),
  );
});
