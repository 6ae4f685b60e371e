import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { greeting, states, traffic, untroubled } from './claude-expected.ts';
import { startRig, type Rig } from './claude-rig.ts';

beforeAll(() => agentExecutable('claude'), 600_000);

describe('every account closed with a reset some seconds ahead', () => {
  test('holds a streamed request, kept alive by pings, until an account opens', async () => {
    await using rig = await startRig();
    await using recorder = await rig.record();
    close(rig, 'a', { resetInSeconds: 5, skip: 1 });
    close(rig, 'b', { resetInSeconds: 300 });
    const run = await rig.claude('[[steps:1]] go', '--allowedTools', 'Bash');
    expect(run).toMatchObject(untroubled(greeting('a', '[[steps:1]] go', 1)));
    expect(traffic(rig)).toEqual(['a 200', 'a 429', 'b 429', 'a 200']);
    expect(lastPauseMs(rig)).toBeGreaterThan(4000);
    const held = recorder.answers().at(-1) ?? '';
    expect(head(held)).toContain('text/event-stream');
    expect(head(held)).not.toContain('stint-account');
    expect(body(held).slice(0, 80)).toMatch(/^event: ping\ndata: \{"type": ?"ping"\}\n\nevent: ping\n/);
    expect(states(await rig.status())).toEqual(['a open', 'b closed five_hour']);
    expect(await rig.sessions()).toMatchObject([{ id: run.sessions[0], account: 'anthropic/a' }]);
  });

  test('holds a whole answer, kept alive by newlines before the JSON, until an account opens', async () => {
    await using rig = await startRig();
    await using recorder = await rig.record();
    // A stream that fails after content makes Claude Code ask again for a whole answer.
    rig.simulator.inject({ kind: 'error_event_mid', afterDeltas: 1 });
    close(rig, 'a', { resetInSeconds: 5 });
    close(rig, 'b', { resetInSeconds: 300 });
    expect(await rig.claude('hi')).toMatchObject(untroubled(greeting('a', 'hi')));
    expect(traffic(rig)).toEqual(['a 200', 'a 429 whole', 'b 429 whole', 'a 200 whole']);
    expect(lastPauseMs(rig)).toBeGreaterThan(4000);
    const held = recorder.answers().at(-1) ?? '';
    expect(head(held)).toContain('application/json');
    expect(body(held)).toMatch(/^\n\n+\{"id":"msg_/);
    expect(states(await rig.status())).toEqual(['a open', 'b closed five_hour']);
  });
});

describe('every account closed for an hour', () => {
  test('ends the turn at once with a message that tells the true resets', async () => {
    await using rig = await startRig();
    close(rig, 'a', { resetInSeconds: 7200 });
    close(rig, 'b', { resetInSeconds: 3600 });
    const run = await rig.claude('hi', '--model', 'sonnet');
    expect(run).toMatchObject({ code: 1, stderr: '', retries: [], result: { is_error: true, api_error_status: 429 } });
    expect(traffic(rig)).toEqual(['a 429', 'b 429']);

    const { accounts, pools } = await rig.status();
    const [a, b] = accounts.map(({ until }) => until ?? 0);
    expect(pools[0]).toMatchObject({ exhausted: [{ family: null }], next: [{ kind: 'wait', until: b }] });
    expect(
      run.result.result.replaceAll(/in (1h|59m \d+s) /g, 'in an hour ').replaceAll(/in (2h|1h 59m) /g, 'in two hours '),
    ).toBe(
      'API Error: Request rejected (429) · Stint: every account of pool anthropic for claude-sonnet-5 is closed; ' +
        `the first opens in an hour (${clock(b)}). anthropic/a closed (five_hour), opens in two hours (${clock(a)}); ` +
        `anthropic/b closed (five_hour), opens in an hour (${clock(b)}).`,
    );
    expect((b ?? 0) - (rig.seen()[1]?.at ?? 0)).toBeWithin(3_599_000, 3_601_000);
  });

  test('is over with a clear, in the same conversation', async () => {
    await using rig = await startRig();
    close(rig, 'a', { resetInSeconds: 3600 });
    close(rig, 'b', { resetInSeconds: 3600 });
    const refused = await rig.claude('hi');
    await rig.stint('account', 'clear', 'a');
    const run = await rig.claude('[[say:back again]]', '--resume', refused.sessions[0] ?? '');
    expect(run).toMatchObject(untroubled('back again'));
    expect(run.sessions).toEqual(refused.sessions);
    expect(traffic(rig)).toEqual(['a 429', 'b 429', 'a 200']);
    expect(states(await rig.status())).toEqual(['a open', 'b closed five_hour']);
  });
});

function close({ simulator }: Rig, credential: string, limit: { resetInSeconds: number; skip?: number }): void {
  simulator.inject({ kind: 'five_hour', credential, ...limit });
}

/** Time between the last two requests that the provider saw. */
function lastPauseMs(rig: Rig): number {
  const [before, last] = rig.seen().slice(-2);
  return (last?.at ?? 0) - (before?.at ?? 0);
}

function head(answer: string): string {
  return answer.slice(0, answer.indexOf('\r\n\r\n'));
}

/** The body without its framing. */
function body(answer: string): string {
  let chunks = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  let text = '';
  for (;;) {
    const end = chunks.indexOf('\r\n');
    const size = Number.parseInt(chunks.slice(0, end), 16);
    if (!(size > 0)) return text;
    text += chunks.slice(end + 2, end + 2 + size);
    chunks = chunks.slice(end + 2 + size + 2);
  }
}

/** A moment as the message tells it: with the date where it is not today's. */
function clock(at: number | undefined): string {
  const moment = new Date(at ?? 0);
  const sameDay = moment.toISOString().slice(0, 10) === new Date().toISOString().slice(0, 10);
  const date = sameDay
    ? ''
    : `${moment.toLocaleDateString('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' })}, `;
  return `${date}${moment.toISOString().slice(11, 16)} UTC`;
}
