import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { codexGreeting, codexTraffic, untroubledCodex } from './codex-expected.ts';
import { startCodexRig } from './codex-rig.ts';
import { states } from './expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

const ways = [
  { way: 'wrapper', kind: 'api_key', warmUp: [], via: '' },
  { way: 'wrapper', kind: 'plan', warmUp: [], via: '' },
  { way: 'socket', kind: 'api_key', warmUp: ['a 200 warm-up'], via: ' frame' },
  { way: 'login', kind: 'plan', warmUp: ['a 200 warm-up'], via: ' frame' },
] as const;

describe.each(ways)('Codex by way of $way on $kind accounts', ({ way, kind, warmUp, via }) => {
  test('has a turn with tool calls on the first account', async () => {
    await using rig = await startCodexRig({ way, kind });
    const run = await rig.codex('[[steps:2]] go');
    expect(run).toMatchObject(untroubledCodex(codexGreeting('a', '[[steps:2]] go', { steps: 2 })));
    expect(run.commands).toEqual(['step 1', 'step 2']);
    expect(codexTraffic(rig)).toEqual([...warmUp, ...Array(3).fill(`a 200${via}`)]);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
    console.log(await rig.sessions());
    console.log(run.stderr);
  });

  test('moves to the next account when the first meets its limit in the middle of the turn', async () => {
    await using rig = await startCodexRig({ way, kind });
    rig.simulator.inject({ kind: 'usage_limit', credential: 'a', times: 'always', skip: 1 });
    const run = await rig.codex('[[steps:3]] go');
    console.log(codexTraffic(rig), run, states(await rig.status()));
  });
});
