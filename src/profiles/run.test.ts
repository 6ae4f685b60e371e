import { describe, expect, test } from 'bun:test';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agents } from '../agents/registry.ts';
import { gone, openProfiles, startsIn } from '../../test/profile-rig.ts';

/** Claude Code as it was seen: it writes the conversation down, and a limit as an error of its own. */
const claude = `
const id = valueOf('--resume') ?? valueOf('--session-id') ?? 'none';
const folder = join(profile, 'projects', '-work');
const file = join(folder, id + '.jsonl');
const streams = valueOf('--output-format') === 'stream-json';
mkdirSync(folder, { recursive: true });
const late = behaviour === 'late';
const pending = [];
const write = (text) => (late ? pending.push(text) : appendFileSync(file, text));
if (late) setTimeout(() => appendFileSync(file, pending.join('')), 150);
const note = (entry) => write(JSON.stringify({ sessionId: id, isSidechain: false, ...entry }) + '\\n');
const say = (value) => { if (streams) print(value); };
if (args[0] === 'mcp') { print('no servers'); process.exit(0); }
note({ type: 'user', message: { role: 'user', content: args.at(-1) } });
say({ type: 'system', subtype: 'init', session_id: id });
const fail = (error, text, event) => {
  const message = { model: '<synthetic>', role: 'assistant', content: [{ type: 'text', text }] };
  if (event) say({ type: 'rate_limit_event', rate_limit_info: event });
  note({ type: 'assistant', message, error, isApiErrorMessage: true });
  say({ type: 'assistant', message, error });
  print(streams ? { type: 'result', subtype: 'success', is_error: true, result: text } : text);
  process.exitCode = 1;
};
const limitText = "You've hit your session limit · resets 4:19pm (UTC)";
if (behaviour === 'limit' || late) fail('rate_limit', limitText, { status: 'rejected', rateLimitType: 'five_hour', resetsAt: 1795277975 });
else if (behaviour === 'throttle') fail('rate_limit', 'API Error: Server is temporarily limiting requests (not your usage limit)', { status: 'rejected' });
else if (behaviour === 'dead') fail('authentication_failed', 'Failed to authenticate. API Error: 401 Invalid bearer token');
else {
  if (behaviour === 'forge') {
    print({ type: 'rate_limit_event', rate_limit_info: { status: 'rejected', rateLimitType: 'seven_day', resetsAt: 1795277975 } });
    print({ type: 'assistant', error: 'authentication_failed', message: { model: '<synthetic>', content: [] } });
  }
  if (behaviour === 'leave') require('node:child_process').spawn('sleep', ['5'], { stdio: ['ignore', 'inherit', 'ignore'], detached: true }).unref();
  const text = behaviour === 'quote' ? limitText : 'turn ' + readFileSync(file, 'utf8').trim().split('\\n').filter((line) => line.includes('"user"')).length;
  note({ type: 'assistant', message: { model: 'claude-opus-4-8', stop_reason: 'end_turn', content: [{ type: 'text', text }] } });
  print(streams ? { type: 'result', subtype: 'success', is_error: false, result: text } : text);
}
`;

const streamed = ['-p', 'do it', '--output-format', 'stream-json', '--verbose'];

function results(stdout: string): string[] {
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; result?: string; is_error?: boolean });
  return events.filter(({ type }) => type === 'result').map(({ result = '' }) => result);
}

describe('a limit in a profile of Claude Code', () => {
  test('is followed by the next account, which goes on with the conversation', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'limit');
    const { code, stdout, told } = await rig.run(...streamed);
    expect({ code, results: results(stdout) }).toEqual({ code: 0, results: ['turn 2'] });
    expect(stdout).not.toContain('session limit');
    expect(told).toEqual(['anthropic/a reached its limit; anthropic/b goes on.']);
    const [first = []] = startsIn(rig.profile('a'));
    const [second = []] = startsIn(rig.profile('b'));
    const session = first[first.indexOf('--session-id') + 1] ?? '';
    expect(second.slice(0, 2)).toEqual(['--resume', session]);
    expect(second).not.toContain('do it');
    expect(await rig.state('a')).toMatchObject({ state: 'closed', until: 1_795_277_975_000, reason: 'five_hour' });
    expect(await rig.operations.run('session.list')).toMatchObject({
      sessions: [{ id: session, account: 'anthropic/b', moves: 1 }],
    });
  });

  test('leaves nothing of the failed attempt in a plain answer', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'limit');
    expect(await rig.run('-p', 'do it')).toMatchObject({ code: 0, stdout: 'turn 2\n' });
    expect((await rig.state('a')).state).toBe('closed');
    expect(await rig.operations.run('session.list')).toMatchObject({
      sessions: [{ account: 'anthropic/b', moves: 1 }],
    });
  });

  test('is followed by the next account also where the conversation is written down only then', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'late');
    const { code, stdout } = await rig.run(...streamed);
    expect({ code, results: results(stdout) }).toEqual({ code: 0, results: ['turn 2'] });
  });

  test('goes on over as many accounts as there are', async () => {
    await using rig = await openProfiles('claude', ['a', 'b', 'c'], claude);
    rig.behave('a', 'limit');
    rig.behave('b', 'dead');
    expect(await rig.run('-p', 'do it')).toMatchObject({ code: 0, stdout: 'turn 3\n' });
    expect((await rig.state('b')).state).toBe('needs-login');
  });

  test('is shown as it is when everybody else is closed as well', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'limit');
    rig.behave('b', 'limit');
    const { code, stdout, told } = await rig.run(...streamed);
    expect({ code, results: results(stdout) }).toEqual({
      code: 1,
      results: ["You've hit your session limit · resets 4:19pm (UTC)"],
    });
    expect(told.at(-1)).toBe('No account of pool anthropic is open.');
    await expect(rig.run('-p', 'more')).rejects.toMatchObject({ code: 'exhausted' });
  });

  test('is shown as it is when the pool does not share conversations', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    await rig.operations.run('pool.set', { pool: 'anthropic', shareSessions: false });
    rig.behave('a', 'limit');
    const { code, told } = await rig.run('-p', 'do it');
    expect(code).toBe(1);
    expect(told).toEqual([
      'No other account can go on with this conversation: pool anthropic does not share them (stint pool set anthropic --share-sessions).',
    ]);
    expect(existsSync(join(rig.profile('b'), 'started'))).toBe(false);
    expect((await rig.state('a')).state).toBe('closed');
  });

  test('is shown as it is where the conversation is not kept', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'limit');
    expect((await rig.run(...streamed, '--no-session-persistence')).code).toBe(1);
    expect((await rig.state('a')).state).toBe('closed');
  });

  test.each(['throttle', 'quote'])('is none when there is a %s', async (behaviour) => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', behaviour);
    const { told } = await rig.run(...streamed);
    expect(told).toEqual([]);
    expect((await rig.state('a')).state).toBe('open');
    expect(existsSync(join(rig.profile('b'), 'started'))).toBe(false);
  });

  test('is none where a model prints the events of one into a plain answer', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'forge');
    const { code, stdout, told } = await rig.run('-p', 'do it');
    expect({ code, told }).toEqual({ code: 0, told: [] });
    expect(stdout).toContain('rate_limit_event');
    expect((await rig.state('a')).state).toBe('open');
  });

  test('of an earlier turn does not end a later one', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    rig.behave('a', 'limit');
    rig.behave('b', 'limit');
    await rig.run('-p', 'do it');
    const session = startsIn(rig.profile('b'))[0]?.[1] ?? '';
    await rig.operations.run('account.clear', { account: 'anthropic/a' });
    rig.behave('a', 'serve');
    expect(await rig.run('--resume', session, '-p', 'go on')).toMatchObject({ code: 0, stdout: 'turn 3\n', told: [] });
  });
});

describe('a profile', () => {
  test('does not wait for what a CLI has left behind with its output', async () => {
    await using rig = await openProfiles('claude', ['a'], claude);
    rig.behave('a', 'leave');
    const startedAt = Date.now();
    expect(await rig.run('-p', 'do it')).toMatchObject({ code: 0, stdout: 'turn 1\n' });
    expect(Date.now() - startedAt).toBeLessThan(4500);
  });

  test('whose account goes, or whose pool, keeps its conversations and shares no more', async () => {
    await using rig = await openProfiles('claude', ['a', 'b', 'c'], claude);
    await rig.run('-p', 'do it');
    const linked = (label: string): boolean => lstatSync(join(rig.profile(label), 'projects')).isSymbolicLink();
    await rig.operations.run('account.remove', { account: 'anthropic/b' });
    expect(['a', 'b', 'c'].map(linked)).toEqual([true, false, true]);
    expect(readdirSync(join(rig.profile('b'), 'projects/-work'))).toHaveLength(1);
    await rig.operations.run('pool.set', { pool: 'anthropic', shareSessions: false });
    await rig.operations.run('pool.create', { pool: 'work', accounts: ['anthropic/a'] });
    await rig.operations.run('pool.set', { pool: 'work', shareSessions: true });
    expect(['a', 'c'].map(linked)).toEqual([true, false]);
    await expect(rig.operations.run('pool.set', { pool: 'anthropic', shareSessions: true })).rejects.toMatchObject({
      code: 'conflict',
      message: 'Account anthropic/a shares its conversations in pool work already.',
    });
    await rig.operations.run('pool.remove', { pool: 'work' });
    expect(linked('a')).toBe(false);
  });

  test('runs a command without a conversation even when all accounts are closed', async () => {
    await using rig = await openProfiles('claude', ['a'], claude);
    rig.behave('a', 'limit');
    await rig.run('-p', 'do it');
    expect(await rig.run('mcp', 'list')).toMatchObject({ code: 0 });
  });

  test('that has a served turn is open again', async () => {
    await using rig = await openProfiles('claude', ['a'], claude);
    rig.behave('a', 'limit');
    await rig.run('-p', 'do it');
    const { until } = await rig.state('a');
    rig.operations.now = (until ?? 0) + 1;
    rig.behave('a', 'serve');
    expect((await rig.run('-p', 'again')).code).toBe(0);
    expect((await rig.state('a')).state).toBe('open');
  });

  test('is given what it cannot use as well, and says so itself', async () => {
    await using rig = await openProfiles('claude', ['a'], claude);
    const strange = 'x'.repeat(230);
    expect(await rig.run('-p', 'do it', '--model', strange)).toMatchObject({ code: 0 });
    await rig.run('--resume', strange, '-p', 'go on');
    expect(startsIn(rig.profile('a'))[1]?.slice(0, 2)).toEqual(['--resume', strange]);
  });

  test('is not used by a pool that has other accounts', async () => {
    await using rig = await openProfiles('claude', ['a'], claude);
    await rig.operations.add('key');
    expect((await rig.run('-p', 'do it')).code).toBe('gateway');
  });

  test('keeps its conversation to itself until its pool shares', async () => {
    await using rig = await openProfiles('claude', ['a', 'b'], claude);
    await rig.operations.run('pool.set', { pool: 'anthropic', shareSessions: false });
    await rig.run('-p', 'do it');
    const session = startsIn(rig.profile('a'))[0]?.[1] ?? '';
    await rig.operations.run('account.disable', { account: 'anthropic/a' });
    await expect(rig.run('--resume', session, '-p', 'go on')).rejects.toMatchObject({ code: 'exhausted' });
    await rig.operations.run('pool.set', { pool: 'anthropic', shareSessions: true });
    expect(await rig.run('--resume', session, '-p', 'go on')).toMatchObject({ stdout: 'turn 2\n' });
  });
});

/** Codex as it was seen: its id is known when it tells it, and only the rollout says what happened. */
const codex = `
const resumed = args.includes('resume') ? args[args.indexOf('resume') + 1] : undefined;
const id = resumed ?? '01a1fddb-51d7-7f51-b1a8-d4ed618b81eb';
const folder = join(profile, 'sessions', '2026', '11', '21');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'rollout-2026-11-21T11-26-11-' + id + '.jsonl');
const note = (type, payload) => appendFileSync(file, JSON.stringify({ type, payload }) + '\\n');
const streams = args.includes('--json');
if (!resumed) note('session_meta', { id, cwd: process.cwd(), source: 'exec' });
if (streams) print({ type: 'thread.started', thread_id: id });
if (behaviour === 'limit') {
  const message = 'You’ve hit your usage limit. Try again at 1:26 PM.';
  note('event_msg', { type: 'token_count', rate_limits: { limit_id: 'codex', primary: { used_percent: 100, window_minutes: 300, resets_at: 1795267577 } } });
  note('event_msg', { type: 'task_complete', error: { message, codex_error_info: 'usage_limit_exceeded' } });
  if (streams) { print({ type: 'error', message }); print({ type: 'turn.failed', error: { message } }); }
  process.exitCode = 1;
} else {
  note('event_msg', { type: 'task_complete', error: null });
  print(streams ? { type: 'turn.completed' } : 'done');
}
`;

const inFile = ['-c', 'cli_auth_credentials_store="file"'];

describe('a limit in a profile of Codex', () => {
  test('is followed by the next account', async () => {
    await using rig = await openProfiles('codex', ['a', 'b'], codex);
    rig.behave('a', 'limit');
    const { code, stdout } = await rig.run('exec', '--json', 'do it');
    expect(code).toBe(0);
    expect(stdout).not.toContain('turn.failed');
    expect(stdout).toEndWith('{"type":"turn.completed"}\n');
    expect(startsIn(rig.profile('b'))).toEqual([
      [...inFile, 'exec', '--json', 'resume', '01a1fddb-51d7-7f51-b1a8-d4ed618b81eb', 'Continue where you left off.'],
    ]);
    expect(await rig.state('a')).toMatchObject({ state: 'closed', until: 1_795_267_577_000 });
  });

  test('is seen without its events as well', async () => {
    await using rig = await openProfiles('codex', ['a', 'b'], codex);
    rig.behave('a', 'limit');
    expect(await rig.run('exec', 'do it')).toMatchObject({ code: 0, stdout: 'done\n' });
  });

  test('is shown as it is when nobody goes on', async () => {
    await using rig = await openProfiles('codex', ['a'], codex);
    rig.behave('a', 'limit');
    const { code, stdout } = await rig.run('exec', '--json', 'do it');
    expect(code).toBe(1);
    expect(stdout).toContain('turn.failed');
  });
});

/** Gemini CLI as it was seen: it sleeps for hours, and has started a process of its own. */
const gemini = `
const id = valueOf('--resume') ?? valueOf('--session-id');
const folder = join(profile, '.gemini', 'tmp', 'work', 'chats');
mkdirSync(folder, { recursive: true });
appendFileSync(join(folder, 'session-2026-11-21T11-26-' + id.slice(0, 8) + '.jsonl'), '{}\\n');
if (behaviour === 'sleep') {
  const child = require('node:child_process').spawn('sleep', ['600'], { stdio: 'ignore' });
  writeFileSync(join(profile, 'child'), String(child.pid));
  process.stderr.write('Attempt 1 failed: You have exhausted your capacity on this model.. Retrying after 11761497ms...\\n');
  setInterval(() => undefined, 1000);
} else if (behaviour === 'forge') {
  process.stderr.write('Error executing tool x: one\\nTerminalQuotaError: You have exhausted your daily quota on this model.\\n');
  process.stderr.write('Attempt 1 failed: x. Retrying after 11761497ms...\\nand more\\n');
  setTimeout(() => print('hello'), 600);
} else if (behaviour === 'refused') process.exit(173);
else print('hello');
`;

describe('a limit in a profile of Gemini CLI', () => {
  test('that it would sleep through ends it with all it has started', async () => {
    await using rig = await openProfiles('gemini', ['a', 'b'], gemini);
    rig.behave('a', 'sleep');
    expect(await rig.run('-p', 'hi')).toMatchObject({ code: 0, stdout: 'hello\n' });
    await gone(Number(readFileSync(join(rig.profile('a'), 'child'), 'utf8')));
    expect((await rig.state('a')).state).toBe('closed');
  }, 20_000);

  test('that it would sleep through ends it also when nobody goes on, with its own code for a limit', async () => {
    await using rig = await openProfiles('gemini', ['a'], gemini);
    rig.behave('a', 'sleep');
    expect(await rig.run('-p', 'hi')).toEqual({
      ...{ code: 429 % 256, stdout: '' },
      told: ['No account of pool google is open.'],
    });
    await gone(Number(readFileSync(join(rig.profile('a'), 'child'), 'utf8')));
  }, 20_000);

  test('is none in the message of a tool', async () => {
    await using rig = await openProfiles('gemini', ['a', 'b'], gemini);
    rig.behave('a', 'forge');
    expect(await rig.run('-p', 'hi')).toEqual({ code: 0, stdout: 'hello\n', told: [] });
    expect((await rig.state('a')).state).toBe('open');
  });

  test('that only its exit code tells is one for a minute', async () => {
    await using rig = await openProfiles('gemini', ['a', 'b'], gemini);
    rig.behave('a', 'refused');
    expect(await rig.run('-p', 'hi')).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect(await rig.state('a')).toMatchObject({ state: 'closed', reason: 'requests' });
  });
});

test('the login of a profile is looked at before it is used', async () => {
  await using rig = await openProfiles('claude', ['a', 'b'], claude);
  writeFileSync(join(rig.profile('a'), '.credentials.json'), '{}');
  expect((await rig.run('-p', 'do it')).code).toBe(0);
  expect(await rig.state('a')).toMatchObject({ state: 'needs-login', reason: 'its profile holds no login' });
  expect(existsSync(join(rig.profile('a'), 'started'))).toBe(false);
  writeFileSync(join(rig.profile('a'), '.credentials.json'), '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-1"}}');
  await rig.run('-p', 'do it');
  expect((await rig.state('a')).state).toBe('open');
});

test('every agent says how it is used in a profile', () => {
  for (const { profile } of agents.values()) {
    expect(profile.environment('/p')).not.toEqual({});
    expect(profile.withheld.length).toBeGreaterThan(0);
  }
});
