import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { codexGreeting, codexTraffic, silent, untroubledCodex } from './codex-expected.ts';
import { startCodexRig } from './codex-rig.ts';
import { nextFor, states } from './claude-expected.ts';

beforeAll(() => agentExecutable('codex'), 600_000);

const ways = [
  { way: 'wrapper', kind: 'api_key', window: 'usage_limit' },
  { way: 'wrapper', kind: 'plan', window: 'five_hour' },
  { way: 'socket', kind: 'api_key', window: 'usage_limit' },
  { way: 'login', kind: 'plan', window: 'five_hour' },
] as const;

describe.each(ways)('Codex by way of $way on accounts of kind $kind', ({ way, kind, window }) => {
  const isSocket = way !== 'wrapper';
  const via = isSocket ? ' frame' : '';
  const begin = isSocket ? ['a 200 warm-up'] : [];
  // Over HTTP the reasoning of another account is refused, then left out; a WebSocket's history has none of it.
  const moved = isSocket ? [`b 200${via}`] : ['b 400', 'b 200'];

  test('has a turn with tool calls on the first account', async () => {
    await using rig = await startCodexRig({ way, kind });
    const run = await rig.codex('[[steps:2]] go');
    expect(run).toMatchObject(untroubledCodex(codexGreeting('a', '[[steps:2]] go', { steps: 2 })));
    // With a login Codex also tells there that the plan's own MCP server is not to be had.
    if (way !== 'login') expect(run).toMatchObject(silent);
    expect(run.commands).toEqual(['step 1', 'step 2']);
    expect(codexTraffic(rig)).toEqual([...begin, `a 200${via}`, `a 200${via}`, `a 200${via}`]);
    expect(new Set(rig.seen().map(({ sessionId }) => sessionId))).toEqual(new Set([run.thread]));
    expect(rig.simulator.requests.filter(({ credential }) => credential === null)).toEqual([]);
    const status = await rig.status();
    expect(states(status)).toEqual(['a open', 'b open']);
    expect(status.accounts[0]).toMatchObject({ inFlight: 0, windows: kind === 'plan' ? fullness : [] });
    expect(await rig.sessions()).toMatchObject([{ id: run.thread, account: 'openai/a', moves: 0 }]);
  });

  test('goes on with the next account when the first meets its limit in the middle of the turn', async () => {
    await using rig = await startCodexRig({ way, kind });
    rig.simulator.inject({ kind: 'usage_limit', credential: 'a', times: 'always', skip: 1 });
    const run = await rig.codex('[[steps:3]] go');
    expect(run).toMatchObject(untroubledCodex(codexGreeting('b', '[[steps:3]] go', { steps: 3 })));
    if (way !== 'login') expect(run).toMatchObject(silent);
    expect(run.commands).toEqual(['step 1', 'step 2', 'step 3']);
    expect(codexTraffic(rig)).toEqual([
      ...begin,
      ...[`a 200${via}`, `a 429${via}`],
      ...moved,
      ...[`b 200${via}`, `b 200${via}`],
    ]);
    expect(new Set(rig.seen().map(({ sessionId }) => sessionId))).toEqual(new Set([run.thread]));
    const status = await rig.status();
    expect(states(status)).toEqual([`a closed ${window}`, 'b open']);
    expect(nextFor(status, null)).toBe('openai/b');
    expect(await rig.sessions()).toMatchObject([{ id: run.thread, account: 'openai/b', moves: 1 }]);
  });

  test('resumes a conversation on another account', async () => {
    await using rig = await startCodexRig({ way, kind });
    const first = await rig.codex('[[steps:1]] go');
    await rig.stint('account', 'disable', 'a');
    const second = await rig.resume(first.thread, 'and on');
    expect(second).toMatchObject(untroubledCodex(codexGreeting('b', 'and on', { prompts: 2 })));
    expect(second.thread).toBe(first.thread);
    expect(states(await rig.status())).toEqual(['a disabled', 'b open']);
    expect(await rig.sessions()).toMatchObject([{ id: first.thread, account: 'openai/b' }]);
  });

  test('is refused at once when every account is closed, and told the first reset', async () => {
    await using rig = await startCodexRig({ way, kind });
    rig.simulator.inject({ kind: 'usage_limit', credential: 'a', resetInSeconds: 7200 });
    rig.simulator.inject({ kind: 'usage_limit', credential: 'b', resetInSeconds: 3600 });
    const startedAt = performance.now();
    const run = await rig.codex('hi');
    expect(performance.now() - startedAt).toBeLessThan(8000);
    expect(run.code).toBe(1);
    expect(codexTraffic(rig)).toEqual([...begin, `a 429${via}`, `b 429${via}`]);
    const { accounts, pools } = await rig.status();
    const [a = 0, b = 0] = accounts.map(({ until }) => until ?? 0);
    expect(pools[0]).toMatchObject({ exhausted: [{ family: null }], next: [{ kind: 'wait', until: b }] });
    expect(run.failure?.replaceAll(/in (1h|59m \d+s) /g, 'in 1h ').replaceAll(/in (2h|1h 59m) /g, 'in 2h ')).toBe(
      'You’ve hit your usage limit. Stint: every account of pool openai for gpt-6.1-sol is closed; ' +
        `the first opens in 1h (${clock(b)}). openai/a closed (${window}), opens in 2h (${clock(a)}); ` +
        `openai/b closed (${window}), opens in 1h (${clock(b)}), or try again at ${clockOfCodex(b)}.`,
    );
    expect(run.trouble).toEqual([run.failure ?? '']);
  });
});

const fullness = [
  { window: 'five_hour', utilization: 0.1 },
  { window: 'seven_day', utilization: 0.31 },
];

/** A moment as our words tell it: with the date where it is not today's. */
function clock(at: number): string {
  return `${isToday(at) ? '' : `${format(at, { month: 'short', day: 'numeric' })}, `}${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** The same in the words of Codex. */
function clockOfCodex(at: number): string {
  // Codex reads whole seconds.
  const moment = Math.ceil(at / 1000) * 1000;
  const time = format(moment, { hour: 'numeric', minute: '2-digit' });
  if (isToday(moment)) return time;
  const day = new Date(moment).getUTCDate();
  const ending =
    day % 10 === 1 && day !== 11
      ? 'st'
      : day % 10 === 2 && day !== 12
        ? 'nd'
        : day % 10 === 3 && day !== 13
          ? 'rd'
          : 'th';
  return `${format(moment, { month: 'short' })} ${day}${ending}, ${format(moment, { year: 'numeric' })} ${time}`;
}

function isToday(at: number): boolean {
  return new Date(at).toISOString().slice(0, 10) === new Date().toISOString().slice(0, 10);
}

function format(at: number, form: Intl.DateTimeFormatOptions): string {
  return new Date(at).toLocaleString('en-US', { ...form, timeZone: 'UTC' });
}
