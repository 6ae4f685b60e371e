import { beforeAll, describe, expect, test } from 'bun:test';
import type { FaultInput } from '../src/simulator/openai/fault.ts';
import { agentExecutable } from './agent-executable.ts';
import { codexTraffic, untroubledCodex } from './codex-expected.ts';
import { startCodexRig } from './codex-rig.ts';
import { nextFor, states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

const words = 'one two three four five six';

type Row = {
  readonly fault: FaultInput;
  readonly traffic: readonly string[];
  readonly a: string;
  /** Whom the next conversation uses; the first account when absent. */
  readonly next?: 'b';
};

const hidden: readonly Row[] = [
  { fault: { kind: 'throttle' }, traffic: ['a 429', 'a 200'], a: 'open' },
  { fault: { kind: 'rate_limit_tokens', resetInSeconds: 30 }, traffic: ['a 429', 'b 200'], a: 'partly-closed tokens' },
  { fault: { kind: 'overloaded' }, traffic: ['a 503', 'a 200'], a: 'open' },
  { fault: { kind: 'slow_down', times: 2 }, traffic: ['a 503', 'a 503', 'b 200'], a: 'open' },
  { fault: { kind: 'cloudflare_html' }, traffic: ['a 403', 'a 200'], a: 'open' },
  { fault: { kind: 'insufficient_quota' }, traffic: ['a 429', 'b 200'], a: 'closed credits', next: 'b' },
  { fault: { kind: 'usage_not_included' }, traffic: ['a 429', 'b 200'], a: 'closed entitlement' },
  { fault: { kind: 'usage_limit', encoding: 'zstd' }, traffic: ['a 429', 'b 200'], a: 'closed usage_limit', next: 'b' },
  { fault: { kind: 'invalid_key', times: 'always' }, traffic: ['a 401', 'b 200'], a: 'needs-login', next: 'b' },
  { fault: { kind: 'cut_before_head', times: 2 }, traffic: ['a null', 'a null', 'b 200'], a: 'open' },
  { fault: { kind: 'garbage_body' }, traffic: ['a 200', 'a 200'], a: 'open' },
  {
    fault: { kind: 'failed_before_content', code: 'rate_limit_exceeded', resetInSeconds: 30 },
    traffic: ['a 200', 'b 200'],
    a: 'partly-closed tokens',
  },
  {
    fault: { kind: 'failed_before_content', code: 'usage_limit_reached' },
    traffic: ['a 200', 'b 200'],
    a: 'closed usage_limit',
    next: 'b',
  },
];

describe('a provider in trouble', () => {
  test.each(hidden.map((row) => [titleOf(row.fault), row] as const))('%s costs Codex nothing', async (_, row) => {
    const { fault, traffic, a, next } = row;
    await using rig = await startCodexRig();
    rig.simulator.inject({ credential: 'a', ...fault });
    expect(await rig.codex(`[[say:${words}]]`)).toMatchObject(untroubledCodex(words));
    expect(codexTraffic(rig)).toEqual([...traffic]);
    const status = await rig.status();
    expect(states(status)).toEqual([`a ${a}`, 'b open']);
    if (next !== undefined) expect(nextFor(status, null)).toBe(`openai/${next}`);
  });

  test.each([
    { kind: 'failed_mid', code: 'server_error', afterDeltas: 3 },
    { kind: 'error_event_mid', afterDeltas: 3 },
    // The pause lets Codex read the deltas: met together with them, the break alone would count.
    { kind: 'cut_mid', afterDeltas: 3, pauseMs: 300 },
  ] as const)('$kind after content costs one retry of Codex’s own, on the same account', async (fault) => {
    await using rig = await startCodexRig();
    rig.simulator.inject(fault);
    const run = await rig.codex(`[[say:${words}]]`);
    expect(run).toMatchObject({ code: 0, failure: null, said: words });
    expect(run.trouble).toEqual([expect.stringContaining('Reconnecting... 1/5')]);
    expect(codexTraffic(rig)).toEqual(['a 200', 'a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('with a limit after content costs one retry, on the next account and without foreign reasoning', async () => {
    await using rig = await startCodexRig();
    rig.simulator.inject({ kind: 'failed_mid', code: 'usage_limit_reached', credential: 'a', afterDeltas: 3 });
    const run = await rig.codex(`[[say:${words}]]`);
    expect(run).toMatchObject({ code: 0, failure: null, said: words });
    expect(run.trouble).toHaveLength(1);
    expect(codexTraffic(rig)).toEqual(['a 200', 'b 400', 'b 200']);
    expect(states(await rig.status())).toEqual(['a closed usage_limit', 'b open']);
  });

  test('without an end ends the turn in bounded time, in the words that Codex has for it, and closes nothing', async () => {
    await using rig = await startCodexRig();
    rig.simulator.inject({ kind: 'overloaded', times: 'always' });
    const startedAt = performance.now();
    const run = await rig.codex('hi');
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(run).toMatchObject({ code: 1, failure: 'Selected model is at capacity. Please try a different model.' });
    // Three for each of the five times that Codex asks.
    expect(codexTraffic(rig).length).toBeWithin(3, 16);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

describe('a request that is wrong', () => {
  test('is refused once, in the provider’s own words whatever their coding was', async () => {
    await using rig = await startCodexRig();
    rig.simulator.inject({ kind: 'invalid_request', encoding: 'gzip' });
    const run = await rig.codex('hi');
    expect(run).toMatchObject({ code: 1, failure: expect.stringContaining("Missing required parameter: 'model'.") });
    expect(codexTraffic(rig)).toEqual(['a 400']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

function titleOf({ kind, code, times, encoding }: FaultInput): string {
  return [kind, code, times !== undefined && `(${times})`, encoding].filter(Boolean).join(' ');
}
