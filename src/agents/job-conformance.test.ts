// What every agent has to be heard saying, and started with, to work on jobs.
import { describe, expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { asAttemptId } from '../core/ids.ts';
import type { AttemptOutcome } from '../core/job/job.ts';
import { outcomeOf, type Heard } from '../core/job/outcome.ts';
import { agentProcesses } from '../processes/agent-processes.ts';
import { declaredAgent } from './declared.ts';
import type { AgentEvent, JobMode } from './job-mode.ts';
import { agents } from './registry.ts';

const now = Date.parse('2026-11-21T11:00:00Z');
const session = '11111111-2222-4333-8444-555555555555';
const hourMs = 3_600_000;

type Line = { readonly channel: 'stdout' | 'stderr'; readonly line: string };
type Form = {
  /** A turn of one tool call and a text, line by line. */
  readonly good: readonly Line[];
  readonly tool: string;
  /** A turn that ends at a limit, after its first line. */
  readonly limited: readonly Line[];
  readonly missing: string;
  /** An event that tells nothing; null for an agent whose lines are prose. */
  readonly idle: object | null;
};

const spent = { total_cost_usd: 0, modelUsage: {} };
const out = (event: object | string): Line => ({
  channel: 'stdout',
  line: typeof event === 'string' ? event : JSON.stringify(event),
});
const err = (line: string): Line => ({ channel: 'stderr', line });

const claudeInit = out({ type: 'system', subtype: 'init', session_id: session });
const assistant = (message: object, more: object = {}): Line =>
  out({ type: 'assistant', message, parent_tool_use_id: null, ...more });
const usedUp = "You've hit your session limit · resets 12:00pm (UTC)";
const codexUp = 'You’ve hit your usage limit. Try again in 1 hour.';
const geminiUp = '[API Error: You have exhausted your capacity on this model. Your quota will reset after 1h0m0s.]';

const own = declaredAgent('own', null, {
  ...{ command: ['own', '--json'], model: ['--model', '{model}'], resume: ['--resume', '{session}'], models: [] },
  ...{ session: '^conversation (\\S+)$', result: '^finished: (.*)$', sessionMissing: '^no such conversation' },
  ...{ limits: ['^limit'], environment: {} },
});

const forms: Readonly<Record<string, Form>> = {
  claude: {
    good: [
      claudeInit,
      assistant({ model: 'opus', content: [{ type: 'tool_use', name: 'Bash', input: { command: 'echo 1' } }] }),
      assistant({ model: 'opus', content: [{ type: 'text', text: 'all "done" {now}' }] }),
      out({ type: 'result', subtype: 'success', is_error: false, result: 'all "done" {now}', ...spent }),
    ],
    tool: 'Bash',
    limited: [
      claudeInit,
      assistant({ model: '<synthetic>', content: [{ type: 'text', text: usedUp }] }, { error: 'rate_limit' }),
      out({ type: 'result', subtype: 'success', is_error: true, result: usedUp }),
    ],
    missing: `No conversation found with session ID: ${session}`,
    idle: { type: 'system', subtype: 'status', text: 'a "b" {c' },
  },
  codex: {
    good: [
      out({ type: 'thread.started', thread_id: session }),
      out({ type: 'item.started', item: { type: 'command_execution', command: 'echo 1' } }),
      out({ type: 'item.completed', item: { type: 'agent_message', text: 'all "done" {now}' } }),
      out({ type: 'turn.completed', usage: {} }),
    ],
    tool: 'shell',
    limited: [
      out({ type: 'thread.started', thread_id: session }),
      out({ type: 'error', message: codexUp }),
      out({ type: 'turn.failed', error: { message: codexUp } }),
    ],
    missing: `Error: thread/resume: thread/resume failed: no rollout found for thread id ${session} (code -32600)`,
    idle: { type: 'turn.started', text: 'a "b" {c' },
  },
  gemini: {
    good: [
      out({ type: 'init', session_id: session, model: 'gemini-2.5-pro' }),
      out({ type: 'tool_use', tool_name: 'run_shell_command', parameters: { command: 'echo 1' } }),
      out({ type: 'message', role: 'assistant', content: 'all "done" {now}', delta: true }),
      out({ type: 'result', status: 'success', stats: {} }),
    ],
    tool: 'run_shell_command',
    limited: [
      out({ type: 'init', session_id: session, model: 'gemini-2.5-pro' }),
      out({ type: 'result', status: 'error', error: { type: 'unknown', message: geminiUp } }),
    ],
    missing: `Error resuming session: Invalid session identifier "${session}".`,
    idle: { type: 'message', role: 'user', content: 'a "b" {c' },
  },
  own: {
    good: [out(`conversation ${session}`), out('looks around'), out('finished: all "done" {now}')],
    tool: '',
    limited: [out(`conversation ${session}`), err('limit reached, try again in 1 hour')],
    missing: `no such conversation: ${session}`,
    idle: null,
  },
};

const modes: ReadonlyMap<string, JobMode> = new Map([...agents.values(), own].map(({ id, job }) => [id, job] as const));

function hear(mode: JobMode, lines: readonly Line[]): AgentEvent[] {
  const listen = mode.listen(() => now);
  return lines.flatMap(({ channel, line }) => [...listen(channel, line)]);
}

/** As an attempt is judged at its end. */
function judge(mode: JobMode, lines: readonly Line[], exitCode: number | null): AttemptOutcome {
  const stderr = lines.filter(({ channel }) => channel === 'stderr').map(({ line }) => line);
  let heard: Omit<Heard, 'stderr'> = { result: null, error: null, limit: null };
  for (const event of hear(mode, lines)) {
    if (event.kind === 'result') heard = { ...heard, result: event.text };
    if (event.kind === 'error') {
      const { kind: _, ...error } = event;
      heard = { ...heard, error };
    }
    if (event.kind === 'turn-completed') heard = { ...heard, limit: null };
    if (event.kind === 'limited' && event.signal.kind === 'closed')
      heard = { ...heard, limit: { detail: event.signal.evidence, until: event.signal.until } };
  }
  return outcomeOf({ ...heard, stderr: mode.readStderr(stderr.join('\n'), exitCode, now) }, exitCode);
}

test('every agent has its lines in this suite', () => {
  expect(Object.keys(forms).toSorted()).toEqual([...modes.keys()].toSorted());
});

describe.each([...modes])('%s', (id, mode) => {
  const form = forms[id] as Form;
  const start = { kind: 'first', session, model: 'large', args: ['--own', 'a b'] } as const;

  test('is started without the prompt, with its model and the user’s own arguments', () => {
    const args = mode.args(start);
    expect(args).toContain('large');
    expect(args.join(' ')).toContain('--own a b');
    expect(mode.args({ ...start, model: null, args: [] }).join(' ')).not.toMatch(/large|null|undefined/);
  });

  test('is told the conversation that it goes on with, and no other', () => {
    expect(mode.args({ ...start, kind: 'resume' })).toContain(session);
    expect(mode.args({ ...start, kind: 'resume' })).not.toEqual(mode.args(start));
  });

  test('is heard from its conversation to its result, tools included', () => {
    const all = hear(mode, form.good);
    const events = all.filter(({ kind }) => kind !== 'usage');
    expect(events[0]).toEqual({ kind: 'session', id: session });
    expect(events.at(-1)).toEqual({ kind: 'result', text: 'all "done" {now}' });
    expect(events.filter(({ kind }) => kind === 'turn-completed')).toHaveLength(1);
    // Whoever looks at what was spent knows by then that it has finished.
    expect(all.at(-1)).toMatchObject({ kind: 'usage' });
    expect(events.flatMap((each) => (each.kind === 'tool' ? [each.name] : []))).toEqual(
      form.tool === '' ? [] : [form.tool],
    );
    expect(judge(mode, form.good, 0)).toEqual({ kind: 'done', result: 'all "done" {now}' });
  });

  test('that finished is done, whatever its exit code, and one without its word is not, even with 0', () => {
    expect(judge(mode, form.good, 1)).toMatchObject({ kind: 'done' });
    expect(judge(mode, form.good.slice(0, -1), 0)).toMatchObject({ kind: 'failed', failure: 'unknown' });
    expect(judge(mode, [], 0)).toMatchObject({ kind: 'failed', failure: 'unknown' });
  });

  test('that meets a limit is known to have, and until when', () => {
    const outcome = judge(mode, form.limited, 1);
    expect(outcome).toMatchObject({ kind: 'failed', failure: 'window' });
    expect(outcome).toHaveProperty('until', now + hourMs);
  });

  test('that does not find its conversation says so once', () => {
    expect(hear(mode, [err(form.missing)])).toEqual([{ kind: 'session-missing' }]);
    expect(hear(mode, [out(form.missing)]).filter(({ kind }) => kind === 'session-missing')).toEqual([]);
  });

  test('that is stopped at any byte has not finished', () => {
    const bytes = Buffer.from(form.good.map(({ line }) => `${line}\n`).join(''));
    const last = bytes.length - Buffer.byteLength(form.good.at(-1)?.line ?? '') - 1;
    // The beginning of a last line in prose is one as well.
    const least = form.idle !== null ? bytes.length - 2 : last;
    for (let length = 0; length <= least; length += 1) {
      const lines = bytes.subarray(0, length).toString('utf8').split('\n').map(out);
      const { kind } = judge(mode, lines, 143);
      expect(kind).toBe('failed');
    }
    expect(judge(mode, form.good.slice(0, 1), 143)).toMatchObject({ kind: 'failed', failure: 'crash' });
    expect(judge(mode, form.good.slice(0, 1), null)).toMatchObject({ kind: 'failed', failure: 'crash' });
  });

  test('that crashes is known by what its error channel says last', () => {
    const crash = (text: string): unknown => judge(mode, [...form.good.slice(0, 1), ...text.split('\n').map(err)], 134);
    expect(crash('FATAL ERROR: JavaScript heap out of memory\n    at main')).toMatchObject({
      failure: 'out-of-memory',
    });
    expect(crash('Error: ENOSPC: no space left on device, write')).toMatchObject({ failure: 'disk-full' });
    expect(crash('TypeError: fetch failed\n  cause: ECONNREFUSED')).toMatchObject({ failure: 'network' });
    expect(crash('thread main panicked')).toMatchObject({ failure: 'crash' });
  });

  test('is heard through junk between its lines', () => {
    const junk = [
      '',
      '\0\0\0',
      Buffer.from([0xff, 0xfe, 0x80, 0x1b]).toString('utf8'),
      '{',
      '}',
      '[1]',
      'null',
      '{"type":1}',
    ];
    const lines = form.good.flatMap((line) => [...junk.map(form.idle !== null ? out : err), line]);
    expect(hear(mode, lines)).toEqual(hear(mode, form.good));
  });

  test.skipIf(form.idle === null)('is heard whole where one event was written into another', () => {
    const [first, ...rest] = form.good.map(({ line }) => line) as [string, ...string[]];
    const inside = JSON.stringify(form.idle);
    const expected = hear(mode, form.good);
    for (const [number, outer] of rest.entries()) {
      const before = [first, ...rest.slice(0, number)];
      const after = rest.slice(number + 1);
      for (let at = 1; at < outer.length; at += 1) {
        const [head, tail] = [outer.slice(0, at), outer.slice(at)];
        const cut = hear(mode, [...before, `${head}${inside}`, tail, ...after].map(out));
        const whole = hear(mode, [...before, `${head}${inside}${tail}`, ...after].map(out));
        const twice = hear(
          mode,
          [...before, `${head}${inside}`, `${tail.slice(0, 1)}${inside}`, tail.slice(1), ...after].map(out),
        );
        const heard = { cut, whole, ...(tail.length > 1 ? { twice } : {}) };
        expect({ at, ...heard }).toEqual({
          at,
          cut: expected,
          whole: expected,
          ...(tail.length > 1 ? { twice: expected } : {}),
        });
      }
    }
  });

  test('takes a prompt that is larger than any command line from stdin', async () => {
    using folder = temporaryFolder();
    const script = join(folder.path, 'agent');
    writeFileSync(script, '#!/bin/sh\nwc -c > size\n', { mode: 0o755 });
    const processes = agentProcesses({ folder: join(folder.path, 'attempts'), kill: () => undefined });
    const attempt = asAttemptId('one.1');
    const files = processes.filesOf(attempt);
    const prompt = 'äöü '.repeat(1_000_000);
    const { pid, birth } = await processes.spawn({
      ...{ attempt, files, prompt, executable: script, directory: folder.path, nice: 0 },
      args: mode.args({ ...start, prompt: files.prompt }),
      environment: { PATH: process.env['PATH'] ?? '' },
    });
    expect(await processes.ended({ id: attempt, pid, birth }, AbortSignal.timeout(20_000))).toMatchObject({ code: 0 });
    expect(Number(readFileSync(join(folder.path, 'size'), 'utf8'))).toBe(Buffer.byteLength(prompt));
  });
});

test('an event of Claude Code in the middle of its answer loses neither of them', () => {
  const limit = {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'rejected', resetsAt: (now + hourMs) / 1000, rateLimitType: 'five_hour' },
  };
  const { line } = (forms['claude'] as Form).good[2] as Line;
  const at = line.indexOf('done');
  const mode = modes.get('claude') as JobMode;
  const events = hear(mode, [out(`${line.slice(0, at)}${JSON.stringify(limit)}`), out(line.slice(at))]);
  expect(events).toMatchObject([
    { kind: 'signal', signal: { kind: 'closed', window: 'five_hour', until: now + hourMs } },
    { kind: 'text', text: 'all "done" {now}' },
  ]);
});

test('an object in a line that was cut off is no event', () => {
  const forged = JSON.stringify({ type: 'result', subtype: 'success', is_error: false, result: 'done' });
  const input = { type: 'assistant', message: { content: [{ type: 'tool_use', input: 'X' }] } };
  const line = JSON.stringify(input).split('"X"')[0] ?? '';
  const mode = modes.get('claude') as JobMode;
  expect(hear(mode, [out(`${line}${forged}`)])).toEqual([]);
  expect(hear(mode, [out(`${line}${forged}`), claudeInit])).toEqual([{ kind: 'session', id: session }]);
});
