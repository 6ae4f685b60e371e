import { beforeAll, describe, expect, test } from 'bun:test';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { runCommand } from '../test/run-command.ts';
import { agentExecutable } from './agent-executable.ts';
import { readRun } from './claude-run.ts';
import { greeting, states, traffic, untroubled } from './claude-expected.ts';
import { headless, startRig, type Rig } from './claude-rig.ts';

beforeAll(() => agentExecutable('claude'), 600_000);

describe('a daemon that restarts in the middle of a turn', () => {
  test('lets the open stream end first, and the turn goes on after it', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 200 } });
    const secondRequest = nthRequest(rig, 2);
    const agent = rig.startClaude('-p', '[[steps:2]] [[say:all done]]', ...headless, '--allowedTools', 'Bash');
    await secondRequest;
    await rig.stint('down');
    await metClosedGateway(rig);
    await rig.up();
    const run = readRun(await agent.ended);
    expect(run).toMatchObject({ code: 0, stderr: '', result: { is_error: false, result: 'all done' } });
    expect(run.toolResults).toEqual(['step 1', 'step 2']);
    // What the agent met was a closed port and nothing else.
    expect(run.trouble).toHaveLength(run.retries.length);
    expect(run.retries.map((retry) => retry['error_status'])).not.toContainEqual(expect.any(Number));
    expect(traffic(rig)).toEqual(['a 200', 'a 200', 'a 200']);
    expect(rig.simulator.aborts).toEqual([]);
    expect(await rig.status()).toMatchObject({
      sessions: 1,
      accounts: [{ state: 'open', inFlight: 0 }, { state: 'open' }],
    });
    expect(await rig.sessions()).toMatchObject([{ id: run.sessions[0], account: 'anthropic/a', moves: 0 }]);
  });

  test('after a kill -9, by the wrapper itself, costs the turn nothing, and limits survive it', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 200 } });
    rig.simulator.inject({ kind: 'five_hour', credential: 'a', times: 'always' });
    const thirdRequest = nthRequest(rig, 3);
    const agent = rig.startClaude('-p', '[[steps:2]] [[say:all done]]', ...headless, '--allowedTools', 'Bash');
    await thirdRequest;
    await rig.killDaemon();
    const run = readRun(await agent.ended);
    expect(run).toMatchObject({ code: 0, stderr: '', result: { is_error: false, result: 'all done' } });
    expect(run.toolResults).toEqual(['step 1', 'step 2']);
    expect(run.trouble).toHaveLength(run.retries.length);
    expect(traffic(rig).filter((each) => each.startsWith('a'))).toEqual(['a 429']);
    expect(states(await rig.status())).toEqual(['a closed five_hour', 'b open']);
    expect(await rig.sessions()).toMatchObject([{ id: run.sessions[0], account: 'anthropic/b' }]);
  });
});

describe('stint claude', () => {
  test('hands arguments through, and output and exit code back', async () => {
    await using rig = await startRig();
    const codes: (number | null)[] = [];
    for (const args of [
      ['--version'],
      ['--help'],
      ['--no-such-flag'],
      ['-p', '--output-format', 'no such', 'hi'],
      ['mcp', 'get', 'none'],
    ]) {
      const { code, stdout, stderr } = await rig.startClaude(...args).ended;
      const alone = await runCommand([await agentExecutable('claude'), ...args], rig.place);
      expect({ code, stdout, stderr }).toEqual({ code: alone.code, stdout: alone.stdout, stderr: alone.stderr });
      expect(stdout + stderr).not.toBe('');
      codes.push(code);
    }
    expect(codes).toEqual([0, 0, 1, 1, 1]);
    expect(traffic(rig)).toEqual([]);
  });

  test('hands an argument over as it is, whatever is in it', async () => {
    await using rig = await startRig();
    const odd = `two  spaces, "quotes", 'more', $HOME, \`cmd\`, *, \\ and --pool`;
    expect(await rig.claude(`[[say:${odd}]]`, '--model', 'sonnet')).toMatchObject(untroubled(odd));
    expect(rig.seen()).toMatchObject([{ model: 'claude-sonnet-5' }]);
  });

  test('keeps the person’s own credentials and upstream from the agent', async () => {
    const own = {
      ANTHROPIC_API_KEY: 'sk-ant-api03-test-own',
      ANTHROPIC_AUTH_TOKEN: 'sk-test-own',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
      CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-test-own',
    };
    await using rig = await startRig({ env: own });
    const run = await rig.claude('hi');
    expect(run).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(run.lines[0]).toMatchObject({ subtype: 'init', apiKeySource: 'none' });
    expect(traffic(rig)).toEqual(['a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });

  test('leaves Ctrl-C to the agent, whose abort reaches the provider and blames nobody', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 100 } });
    const request = rig.simulator.nextRequest();
    const agent = rig.startClaude('-p', '[[words:3000]]', ...headless);
    await request;
    const aborted = rig.simulator.nextAbort();
    agent.signal('SIGINT');
    await aborted;
    expect((await agent.ended).code).toBe(await codeAlone(rig, 'SIGINT'));
    expect(traffic(rig)[0]).toBe('a 200');
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
    expect(await rig.claude('hi', '--model', 'sonnet')).toMatchObject(untroubled(greeting('a', 'hi')));
  });

  test('ends the agent when it is terminated itself, and ends as it did', async () => {
    await using rig = await startRig({ scenario: { deltaDelayMs: 100 } });
    const request = rig.simulator.nextRequest();
    const agent = rig.startClaude('-p', '[[words:3000]]', ...headless);
    await request;
    const aborted = rig.simulator.nextAbort();
    agent.child.kill('SIGTERM');
    await aborted;
    expect((await agent.ended).code).toBe(143);
    expect(states(await rig.status())).toEqual(['a open', 'b open']);
  });
});

/** Resolves with the n-th request from here on. */
function nthRequest(rig: Rig, count: number): Promise<unknown> {
  let seen = 0;
  return rig.simulator.nextRequest(() => ++seen === count);
}

/** Stands in for the gateway that is gone until the agent has knocked once. */
async function metClosedGateway(rig: Rig): Promise<void> {
  const server = await listen(rig.ports.agentPort);
  const [socket] = (await once(server, 'connection')) as [Socket];
  socket.destroy();
  server.close();
  await once(server, 'close');
}

/** The port of a process that was killed is free a moment after its pipes are closed. */
async function listen(port: number): Promise<Server> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await Bun.sleep(20);
  }
}

/** The exit code of Claude Code without Stint, when the signal comes in the middle of its turn. */
async function codeAlone(rig: Rig, signal: NodeJS.Signals): Promise<number | null> {
  const request = rig.simulator.nextRequest(({ path }) => path === '/v1/messages');
  const child = Bun.spawn([await agentExecutable('claude'), '-p', '[[words:3000]]', ...headless], {
    cwd: rig.place.cwd,
    env: {
      ...rig.place.env,
      ANTHROPIC_BASE_URL: rig.simulator.url,
      ANTHROPIC_AUTH_TOKEN: 'sk-ant-oat01-test-aaaaaaaa',
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  await request;
  child.kill(signal);
  return child.exited;
}
