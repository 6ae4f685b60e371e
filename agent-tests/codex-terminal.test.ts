import { beforeAll, describe, expect, test } from 'bun:test';
import { runCommand } from '../test/run-command.ts';
import { agentExecutable } from './agent-executable.ts';
import { codexGreeting, codexTraffic, untroubledCodex } from './codex-expected.ts';
import { headless, startCodexRig, type CodexRig } from './codex-rig.ts';
import { readCodexRun } from './codex-run.ts';
import { states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

const stepsOf = ['step 1', 'step 2'];

describe('a daemon that goes in the middle of a turn', () => {
  test('by kill -9 is started again by the wrapper, and the turn and the limits outlive it', async () => {
    await using rig = await startCodexRig({ scenario: { deltaDelayMs: 150 } });
    rig.simulator.inject({ kind: 'usage_limit', credential: 'a', times: 'always' });
    const third = nthRequest(rig, 3);
    const agent = rig.startCodex('exec', ...headless, '[[steps:2]] [[say:all is done now]]');
    await third;
    await rig.killDaemon();
    const run = readCodexRun(await agent.ended);
    expect(run).toMatchObject({ code: 0, failure: null, said: 'all is done now', commands: stepsOf });
    expect(run.trouble.filter((each) => !each.startsWith('Reconnecting...'))).toEqual([]);
    expect(codexTraffic(rig).filter((each) => each.startsWith('a'))).toEqual(['a 429']);
    expect(states(await rig.status())).toEqual(['a closed usage_limit', 'b open']);
    expect(await rig.sessions()).toMatchObject([{ id: run.thread, account: 'openai/b' }]);
  });

  test('by kill -9 and comes back costs a WebSocket its connection, and not the turn', async () => {
    await using rig = await startCodexRig({ way: 'socket', scenario: { deltaDelayMs: 150 } });
    const second = nthRequest(rig, 3);
    const agent = rig.startCodex('exec', ...headless, '[[steps:2]] [[say:all is done now]]');
    await second;
    await rig.killDaemon();
    await rig.up();
    const run = readCodexRun(await agent.ended);
    expect(run).toMatchObject({ code: 0, failure: null, said: 'all is done now', commands: stepsOf });
    expect(run.trouble.join()).not.toContain('Falling back');
    expect(codexTraffic(rig).at(-1)).toBe('a 200 frame');
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test.each(['wrapper', 'socket'] as const)('by a stop lets the open answer end first (%s)', async (way) => {
    await using rig = await startCodexRig({ way, scenario: { deltaDelayMs: 100 } });
    const answering = nthRequest(rig, way === 'socket' ? 2 : 1);
    const agent = rig.startCodex('exec', ...headless, '[[steps:1]] [[say:all is done now]]');
    await answering;
    await rig.stint('down');
    await rig.up();
    const run = readCodexRun(await agent.ended);
    expect(run).toMatchObject({ code: 0, failure: null, said: 'all is done now', commands: ['step 1'] });
    expect(rig.simulator.aborts).toEqual([]);
    const status = await rig.status();
    expect(states(status)).toEqual(['a open', 'b open']);
    expect(status.accounts[0]).toMatchObject({ inFlight: 0 });
    expect(await rig.sessions()).toMatchObject([{ id: run.thread, account: 'openai/a', moves: 0 }]);
  });
});

describe('stint codex', () => {
  test('hands arguments through, and output and exit code back', async () => {
    await using rig = await startCodexRig();
    const codes: (number | null)[] = [];
    for (const args of [
      ['--version'],
      ['exec', '--no-such-flag'],
      ['login', 'status'],
      ['exec', 'resume', ...headless, '00000000-0000-7000-8000-000000000000', 'hi'],
    ]) {
      const { code, stdout, stderr } = await rig.startCodex(...args).ended;
      const alone = await runCommand([await agentExecutable('codex'), ...args], rig.place);
      expect({ code, stdout, stderr }).toEqual({ code: alone.code, stdout: alone.stdout, stderr: alone.stderr });
      expect(stdout + stderr).not.toBe('');
      codes.push(code);
    }
    expect(codes).toEqual([0, 2, 1, 1]);
    expect(codexTraffic(rig)).toEqual([]);
  });

  test('hands an argument over as it is, and keeps the person’s own credentials from the agent', async () => {
    const own = { OPENAI_API_KEY: 'sk-test-own', CODEX_API_KEY: 'sk-test-own', OPENAI_BASE_URL: 'http://127.0.0.1:9' };
    await using rig = await startCodexRig({ env: own });
    const odd = `two  spaces, "quotes", 'more', $HOME, \`cmd\`, *, \\ and --pool`;
    expect(await rig.codex(`[[say:${odd}]]`, '--model', 'gpt-6-luna')).toMatchObject(untroubledCodex(odd));
    expect(rig.seen()).toMatchObject([{ model: 'gpt-6-luna', credential: 'a', status: 200 }]);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test.each(['wrapper', 'socket'] as const)(
    'leaves Ctrl-C to the agent, whose abort reaches the provider and blames nobody (%s)',
    async (way) => {
      await using rig = await startCodexRig({ way, scenario: { deltaDelayMs: 100 } });
      const request = nthRequest(rig, way === 'socket' ? 2 : 1);
      const agent = rig.startCodex('exec', ...headless, '[[words:3000]]');
      await request;
      const aborted = rig.simulator.nextAbort();
      agent.signal('SIGINT');
      await aborted;
      // Without Stint it is the same.
      expect((await agent.ended).code).toBe(1);
      expect(states(await rig.status())).toEqual(['a open', 'b open']);
    },
  );

  test('ends the agent when it is terminated itself, and ends as it did', async () => {
    await using rig = await startCodexRig({ scenario: { deltaDelayMs: 100 } });
    const request = rig.simulator.nextRequest();
    const agent = rig.startCodex('exec', ...headless, '[[words:3000]]');
    await request;
    const aborted = rig.simulator.nextAbort();
    agent.child.kill('SIGTERM');
    await aborted;
    expect((await agent.ended).code).toBe(143);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test.each(['wrapper', 'socket'] as const)('passes a huge answer on as it is (%s)', async (way) => {
    await using rig = await startCodexRig({ way });
    const run = await rig.codex('[[words:40000]]');
    expect(run).toMatchObject(untroubledCodex('word '.repeat(40_000)));
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('runs two conversations in turn on an account that takes one request at once', async () => {
    await using rig = await startCodexRig({ accounts: ['a'], scenario: { deltaDelayMs: 20 } });
    await rig.stint('account', 'set', 'a', '--max-concurrent', '1');
    const atOnce = new Set<number>();
    void rig.simulator.nextRequest(() => {
      atOnce.add(rig.simulator.openRequests);
      return false;
    });
    const prompts = ['[[steps:1]] one', '[[steps:1]] two'];
    const runs = await Promise.all(prompts.map((prompt) => rig.codex(prompt)));
    runs.forEach((run, index) => {
      expect(run).toMatchObject(untroubledCodex(codexGreeting('a', prompts[index] ?? '', { steps: 1 })));
      expect(run.commands).toEqual(['step 1']);
    });
    expect(codexTraffic(rig)).toEqual(['a 200', 'a 200', 'a 200', 'a 200']);
    expect([...atOnce]).toEqual([1]);
    expect(await rig.status()).toMatchObject({ sessions: 2, accounts: [{ state: 'open', inFlight: 0 }] });
  });
});

/** Resolves with the n-th model request from here on. */
function nthRequest({ simulator }: CodexRig, count: number): Promise<unknown> {
  let seen = 0;
  return simulator.nextRequest(({ path, via }) => path.endsWith('/responses') && via !== 'upgrade' && ++seen === count);
}
