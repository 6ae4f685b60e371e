import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { states, traffic } from './claude-expected.ts';
import { greeting, untroubled, withoutTimes } from './gemini-expected.ts';
import { pro, startGeminiRig } from './gemini-rig.ts';

beforeAll(() => agentExecutable('gemini'), 600_000);

test('every key closed with a reset some seconds ahead holds requests, streamed and not, until one opens', async () => {
  await using rig = await startGeminiRig();
  for (const model of ['gemini-2.5-pro', 'flash-lite']) {
    rig.simulator.inject({ kind: 'ca_quota', credential: 'a', model, resetInSeconds: 5 });
    rig.simulator.inject({ kind: 'ca_quota', credential: 'b', model, resetInSeconds: 120 });
  }
  const [streamed, routed] = await Promise.all([rig.gemini('[[steps:1]] go', ...pro), rig.gemini('hi')]);
  expect(streamed).toMatchObject(untroubled(greeting('a', '[[steps:1]] go', { steps: 1 })));
  expect(streamed.toolResults).toEqual(['step 1']);
  // The call that chooses the model is asked for as a whole.
  expect(routed).toMatchObject(untroubled(greeting('a', 'hi')));
  for (const model of ['gemini-2.5-pro', 'flash-lite']) {
    const seen = rig.seen().filter((request) => request.model?.includes(model));
    expect(seen.slice(0, 3).map(({ credential, status }) => `${credential} ${status}`)).toEqual([
      'a 429',
      'b 429',
      'a 200',
    ]);
    expect((seen[2]?.at ?? 0) - (seen[1]?.at ?? 0)).toBeGreaterThan(4000);
  }
  expect(states(await rig.status())).toEqual(['a open', 'b partly-closed quota']);
});

describe('every key closed for longer', () => {
  test('ends the turn at once with a message that tells the true resets, and a clear ends that', async () => {
    await using rig = await startGeminiRig();
    rig.simulator.inject({ kind: 'ca_quota', credential: 'a', resetInSeconds: 7200 });
    rig.simulator.inject({ kind: 'ca_quota', credential: 'b', resetInSeconds: 3600 });
    const startedAt = Date.now();
    const refused = await rig.gemini('hi', ...pro);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(refused).toMatchObject({ code: 429 % 256, status: 'error', text: '' });
    expect(refused.stderr).not.toContain('Retrying');
    expect(withoutTimes(refused.error)).toStartWith(
      '[API Error: Stint: every account of pool google for gemini-2.5-pro is closed; the first opens in … (…). ' +
        'google/a closed (quota), opens in … (…); google/b closed (quota), opens in … (…).]',
    );
    expect(traffic(rig)).toEqual(['a 429', 'b 429']);
    const { accounts, pools } = await rig.status();
    const opensAt = accounts[1]?.limits[0]?.until ?? 0;
    expect(opensAt - (rig.seen()[1]?.at ?? 0)).toBeWithin(3_598_000, 3_602_000);
    expect(refused.error).toContain(`the first opens in ${refused.error?.includes('in 1h ') ? '1h' : '59m'}`);
    expect(pools[0]).toMatchObject({ exhausted: [{ family: 'gemini-2.5-pro' }] });

    await rig.stint('account', 'clear', 'a');
    expect(await rig.gemini('back again', ...pro)).toMatchObject(untroubled(greeting('a', 'back again')));
    expect(traffic(rig).at(-1)).toBe('a 200');
  });

  test('and no reset named, for lack of credit, ends the turn at once as well', async () => {
    await using rig = await startGeminiRig();
    rig.simulator.inject({ kind: 'credits', times: 'always' });
    const startedAt = Date.now();
    const run = await rig.gemini('hi', ...pro);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(run).toMatchObject({ status: 'error', text: '' });
    expect(run.stderr).not.toContain('Retrying');
    expect(traffic(rig)).toEqual(['a 429', 'b 429']);
    expect(states(await rig.status())).toEqual(['a closed credits', 'b closed credits']);
  });
});
