import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { codexGreeting, codexTraffic, untroubledCodex } from './codex-expected.ts';
import { startCodexRig, type CodexRig } from './codex-rig.ts';
import { states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

describe.each(['wrapper', 'socket'] as const)('every account closed for a short time (%s)', (way) => {
  const via = way === 'socket' ? ' frame' : '';

  test('holds the turn, kept alive in the form that Codex counts, until an account opens', async () => {
    await using rig = await startCodexRig({ way });
    await using recorder = await rig.record();
    close(rig, 'a', { resetInSeconds: 60, skip: 1 });
    close(rig, 'b', { resetInSeconds: 60 });
    const lastRefused = refused(rig, 'b');
    const running = rig.codex('[[steps:1]] go');
    await lastRefused;
    const held = await rig.status();
    expect(states(held)).toEqual(['a closed usage_limit', 'b closed usage_limit']);
    expect(held.pools[0]).toMatchObject({ exhausted: [{ family: null }], next: [{ kind: 'wait' }] });
    await rig.stint('account', 'clear', 'a');
    const run = await running;
    expect(run).toMatchObject(untroubledCodex(codexGreeting('a', '[[steps:1]] go', { steps: 1 })));
    expect(run.commands).toEqual(['step 1']);
    expect(asked(rig)).toEqual([`a 200${via}`, `a 429${via}`, `b 429${via}`, `a 200${via}`]);
    const alive = way === 'wrapper' ? 'data: {"type":"keepalive"}\n\n' : '{"type":"keepalive"}';
    expect(recorder.answers().at(-1)).toContain(alive);
    expect(states(await rig.status())).toEqual(['a open', 'b closed usage_limit']);
    expect(await rig.sessions()).toMatchObject([{ id: run.thread, account: 'openai/a' }]);
  });

  test('ends a held turn with the next reset when the accounts close for long', async () => {
    await using rig = await startCodexRig({ way });
    for (const label of ['a', 'b']) {
      close(rig, label, { resetInSeconds: 60 });
      close(rig, label, { resetInSeconds: 3600 });
    }
    const [firstOfB, secondOfA] = [refused(rig, 'b'), refused(rig, 'a', 2)];
    const running = rig.codex('hi');
    await firstOfB;
    await rig.status();
    await rig.stint('account', 'clear', 'a');
    await secondOfA;
    await rig.stint('account', 'clear', 'b');
    const run = await running;
    expect(run.code).toBe(1);
    expect(run.failure).toContain('Stint: every account of pool openai for gpt-6.1-sol is closed; the first opens in ');
    expect(run.trouble).toHaveLength(1);
    expect(asked(rig)).toEqual(['a 429', 'b 429', 'a 429', 'b 429'].map((each) => `${each}${via}`));
    expect(states(await rig.status())).toEqual(['a closed usage_limit', 'b closed usage_limit']);
  });
});

describe('every account without credit', () => {
  test.each(['wrapper', 'socket'] as const)('is told as such, and not as a limit that passes (%s)', async (way) => {
    await using rig = await startCodexRig({ way });
    rig.simulator.inject({ kind: 'insufficient_quota', times: 'always' });
    const run = await rig.codex('hi');
    expect(run.code).toBe(1);
    expect(run.failure).toBe('Quota exceeded. Check your plan and billing details.');
    expect(run.trouble).toEqual([run.failure ?? '']);
    expect(asked(rig).map((each) => each.slice(0, 5))).toEqual(['a 429', 'b 429']);
    expect(states(await rig.status())).toEqual(['a closed credits', 'b closed credits']);
  });
});

describe('a clear', () => {
  test('ends the exhaustion at once, in the same conversation', async () => {
    await using rig = await startCodexRig({ kind: 'plan' });
    for (const label of ['a', 'b']) close(rig, label, { resetInSeconds: 3600 });
    const refused = await rig.codex('hi');
    expect(refused.code).toBe(1);
    await rig.stint('account', 'clear', 'a');
    const run = await rig.resume(refused.thread, '[[say:back again]]');
    expect(run).toMatchObject({ ...untroubledCodex('back again'), thread: refused.thread });
    expect(codexTraffic(rig)).toEqual(['a 429', 'b 429', 'a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b closed five_hour']);
  });
});

function close({ simulator }: CodexRig, credential: string, limit: { resetInSeconds: number; skip?: number }): void {
  simulator.inject({ kind: 'usage_limit', credential, ...limit });
}

/** Resolves with the n-th request of an account from here on. */
function refused({ simulator }: CodexRig, credential: string, count = 1): Promise<unknown> {
  let seen = 0;
  return simulator.nextRequest(
    (request) => request.credential === credential && !['upgrade', 'warm-up'].includes(request.via) && ++seen === count,
  );
}

/** The traffic without what belongs to the connection, or to the reasoning of another account. */
function asked(rig: CodexRig): string[] {
  return codexTraffic(rig).filter((each) => !each.endsWith('warm-up') && !each.includes(' 400'));
}
