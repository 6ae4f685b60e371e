import { beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentExecutable } from './agent-executable.ts';
import { codexGreeting, codexTraffic, untroubledCodex } from './codex-expected.ts';
import { authFile, startCodexRig, type CodexRig } from './codex-rig.ts';
import { states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

describe('a login of a ChatGPT plan', () => {
  test('that was adopted serves, and is gone from where it was', async () => {
    await using rig = await startCodexRig({ kind: 'plan', accounts: ['a'], logins: ['c'] });
    const from = join(rig.folder, 'adopted');
    await mkdir(from);
    await writeFile(join(from, 'auth.json'), authFile(rig.simulator, 'c'));
    await rig.stint('account', 'adopt', 'openai', 'c', '--from', from, '--yes', '--base-url', rig.simulator.url);
    expect(await readFile(join(from, 'auth.json'), 'utf8').catch(() => '')).not.toContain('rt-test-c');
    await rig.stint('pool', 'use', 'openai', 'c');
    expect(await rig.codex('hi')).toMatchObject(untroubledCodex(codexGreeting('c', 'hi')));
    expect(codexTraffic(rig)).toEqual(['c 200']);
    expect(states(await rig.status())).toEqual(['a open', 'c open']);
  });

  test.each(['wrapper', 'login'] as const)('that ended is renewed once in the turn (%s)', async (way) => {
    await using rig = await startCodexRig({ kind: 'plan', way });
    rig.simulator.changeCredential('a', { login: 'expired' });
    const run = await rig.codex('[[steps:1]] go');
    expect(run).toMatchObject(untroubledCodex(codexGreeting('a', '[[steps:1]] go', { steps: 1 })));
    expect(run.commands).toEqual(['step 1']);
    expect(refreshes(rig)).toEqual([1, 0]);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('that ends under twenty processes at once is renewed once for all of them', async () => {
    await using rig = await startCodexRig({ kind: 'plan', way: 'login' });
    rig.simulator.changeCredential('a', { login: 'expired' });
    // Long enough for all of them to come while it is renewed.
    rig.simulator.inject({ kind: 'slow', path: '/oauth/token', delayMs: 1500 });
    const prompts = Array.from({ length: 20 }, (_, index) => `hi ${index}`);
    const runs = await Promise.all(prompts.map((prompt) => rig.codex(prompt)));
    runs.forEach((run, index) => {
      expect(run).toMatchObject(untroubledCodex(codexGreeting('a', `hi ${index}`)));
    });
    expect(refreshes(rig)).toEqual([1, 0]);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('that died takes its account out of service, and the next one serves', async () => {
    await using rig = await startCodexRig({ kind: 'plan' });
    rig.simulator.changeCredential('a', { login: 'dead' });
    expect(await rig.codex('hi')).toMatchObject(untroubledCodex(codexGreeting('b', 'hi')));
    expect(codexTraffic(rig)).toEqual(['a 401', 'b 200']);
    const status = await rig.status();
    expect(states(status)).toEqual(['a needs-login', 'b open']);
    expect(status.accounts[0]?.mend).toContain('stint account');
    expect(status.pools[0]?.next[0]).toMatchObject({ account: 'openai/b', skipped: [{ reason: 'needs-login' }] });
  });

  test.each(['wrapper', 'login'] as const)(
    'of every account that died ends the turn with what mends it (%s)',
    async (way) => {
      await using rig = await startCodexRig({ kind: 'plan', way });
      for (const label of ['a', 'b']) rig.simulator.changeCredential(label, { login: 'dead' });
      const run = await rig.codex('hi');
      expect(run.code).toBe(1);
      expect(run.failure).toContain('Stint: no account of pool openai is logged in');
      expect(run.failure).toContain('Mend that with: stint account');
      expect(run.trouble).toHaveLength(1);
      expect(states(await rig.status())).toEqual(['a needs-login', 'b needs-login']);
    },
  );
});

/** How often each login was renewed. */
function refreshes({ simulator }: CodexRig): (number | undefined)[] {
  return simulator.state().map(({ login }) => login?.refreshes);
}
