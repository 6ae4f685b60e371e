import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { states } from './claude-expected.ts';
import { profileAgents } from './profile-agents.ts';
import { startProfileRig } from './profile-rig.ts';

beforeAll(() => Promise.all(profileAgents.map(({ agent }) => agentExecutable(agent))), 600_000);

describe.each(profileAgents)('$agent on profiles', (each) => {
  test('has its conversation gone on with by the next account when a limit ends a turn, each step once', async () => {
    await using rig = await startProfileRig(each);
    rig.world.limit('a', 2);
    const { provider } = rig.world;
    const startedAt = Date.now();
    const run = await rig.run('[[steps:4]] go');
    expect(Date.now() - startedAt).toBeLessThan(30_000);
    expect(run).toMatchObject({ code: 0, ends: ['success'], tools: ['step 1', 'step 2', 'step 3', 'step 4'] });
    expect(run.sessions).toHaveLength(1);
    expect(run.said).toContain(`as b. I remember`);
    expect(run.said).toContain('4 steps done.');
    expect(run.stderr).toContain(`stint: ${provider}/a reached its limit; ${provider}/b goes on.`);
    expect(rig.traffic()).toEqual(['a 200', 'a 200', 'a 429', 'b 200', 'b 200', 'b 200']);
    const status = await rig.status();
    expect(states(status)).toEqual([expect.stringContaining(`closed ${each.window}`), 'b open', 'c open']);
    const session = run.sessions[0] ?? '';
    expect(await rig.sessions()).toMatchObject([{ id: session, account: `${provider}/b`, moves: 1 }]);
    expect(await rig.traces('c', session)).toEqual([]);

    // Whoever resumes it has all of it.
    const again = await rig.run('and then?', session);
    expect(again).toMatchObject({ code: 0, ends: ['success'], sessions: [session] });
    expect(again.said).toContain('as b.');
    expect(again.said).toContain('"and then?"');
  });

  test('ends as it does by itself when its pool does not share conversations, and says why nobody goes on', async () => {
    await using rig = await startProfileRig(each, { share: false });
    rig.world.limit('a', 1);
    const run = await rig.run('[[steps:2]] go');
    expect(run).toMatchObject({ code: each.limitCode, ends: each.limitEnds, tools: ['step 1'] });
    expect(run.stderr).toMatch(/^stint: .*share/m);
    expect(new Set(rig.traffic())).toEqual(new Set(['a 200', 'a 429']));
    const session = run.sessions[0] ?? 'none';
    expect(await rig.traces('a', session)).not.toEqual([]);
    expect(await rig.traces('b', session)).toEqual([]);
    expect(await rig.traces('c', session)).toEqual([]);
  });

  test('ends when every account has met its limit, and is not even started after that', async () => {
    await using rig = await startProfileRig(each);
    rig.world.limit('a', 0);
    rig.world.limit('b', 1);
    const run = await rig.run('[[steps:3]] go');
    expect(run).toMatchObject({ code: each.limitCode, ends: each.limitEnds, tools: ['step 1'] });
    expect(run.stderr).toMatch(/^stint: No account of pool team is open. The first opens in /m);
    expect(new Set(rig.traffic())).toEqual(new Set(['a 429', 'b 200', 'b 429']));
    const asked = rig.world.requests.length;
    const refused = await rig.begin('hi').ended;
    expect(refused).toMatchObject({ stdout: '', stderr: expect.stringContaining('No account of pool team is open.') });
    expect(refused.code).not.toBe(0);
    expect(rig.world.requests).toHaveLength(asked);
  });
});
