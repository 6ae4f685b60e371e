// The commands as a user types them, on one daemon.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openServing, type Place } from '../../../test/daemon-rig.ts';

const secret = 'sk-ant-api03-test-0123456789';
let place: Place;

beforeAll(async () => {
  place = await openServing();
  await add('first');
  await add('second');
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

describe('bad input', () => {
  test.each([
    [['foo'], 2, 'Stint has no command "foo". See: stint --help'],
    [['foo', 'bar', 'baz'], 2, 'Stint has no command "foo". See: stint --help'],
    [['a\nb'], 2, 'Stint has no command "a b". See: stint --help'],
    [['account'], 2, /^stint account needs a verb\. Use one of: add, adopt, list, show/],
    [['account', 'drop'], 2, /^stint account has no verb "drop"\. Use one of: add, adopt, list, show/],
    [['status', '--colour'], 2, "Unknown option '--colour'. See: stint status --help"],
    [['status', 'now'], 2, /^Too many arguments for 'status'\..* See: stint status --help$/],
    [['--home', '', 'status'], 2, /It must name a folder\. See: stint --help$/],
    [['--control-port', 'many', 'status'], 2, /It must be a whole number from 0 to 65535/],
    [['status', '--agent-port', '99999'], 2, /It must be a whole number from 0 to 65535.* See: stint status --help$/],
    [['account', 'add', 'anthropic'], 2, "Missing required argument 'label'. See: stint account add --help"],
    [['account', 'add', 'nobody', 'x'], 2, '"nobody" is not a provider. Use one of: anthropic'],
    [['account', 'add', 'anthropic', '///'], 2, /makes no label: take letters .* and underscores\. For example: work$/],
    [['account', 'add', 'anthropic', 'first'], 1, /^Account anthropic\/first exists\..*--replace$/],
    [['account', 'add', 'anthropic', 'x', '--base-url', 'ftp://x'], 2, /must begin with https:\/\/ or http:\/\/\./],
    [
      ['account', 'add', 'anthropic', 'x', '--secret-env', 'NOT_SET'],
      2,
      /^The variable NOT_SET is not set\. Set it with:/,
    ],
    [['account', 'add', 'anthropic', 'x', '--secret-env', 'EMPTY'], 2, /^The variable EMPTY is empty\./],
    [['account', 'show', 'nobody'], 3, 'There is no account "nobody". See: stint account list'],
    [['account', 'remove', 'nobody'], 3, 'There is no account "nobody". See: stint account list'],
    [['pool', 'create', 'own', 'nobody'], 3, 'There is no account "nobody". See: stint account list'],
    [
      ['pool', 'create', 'own', 'first', '--strategy', 'best'],
      2,
      /Allowed choices are sticky, .* See: stint pool create --help$/,
    ],
    [
      ['pool', 'use', 'anthropic'],
      2,
      /^Give either an account or --auto\. For example: stint pool use anthropic --auto$/,
    ],
    [['account', 'remove', 'first'], 2, 'There is no terminal to ask on. Nothing was changed. To go on, say --yes.'],
    [['pool', 'remove', 'anthropic', '--yes'], 2, /is the default pool of its provider and stays\./],
    [['session', 'list', '--count', 'all'], 2, '--count must be a whole number from 1 to 10000. It takes: --count'],
    [['logs', '--lines', 'all'], 2, 'lines must be a whole number from 1 to 10000. It takes: lines, cursor'],
    [['env', 'vim'], 2, '"vim" is not an agent that Stint knows. Use one of: claude'],
    [['--pool', 'none', 'env', 'claude'], 3, 'There is no pool "none". See: stint pool list'],
    [['demo', '--agent', 'vim'], 2, 'The demo has no agent "vim". Use one of: scripted, claude, codex, gemini'],
    [['up'], 1, /^Stint is already running in \S+ as process \d+ since \S+\. Stop it with: stint down$/],
    [['up', '--detach'], 1, /^Stint is already running in \S+ as process \d+\. Stop it with: stint down$/],
  ])('%j ends with code %d, one sentence and the next step', async (args, code, line) => {
    const run = await place.stint(args, { stdin: secret, env: { EMPTY: ' ' } });
    expect(run).toMatchObject({ stdout: '', code });
    expect(run.stderr.trimEnd()).toMatch(line);
    expect(run.stderr.split('\n')).toHaveLength(2);
  });

  test('as JSON is one object on stderr, wherever --json stands', async () => {
    for (const args of [
      ['--json', 'account', 'show', 'nobody'],
      ['account', 'show', 'nobody', '--json'],
    ]) {
      const { stdout, stderr, code } = await place.stint(args);
      expect({ stdout, code }).toEqual({ stdout: '', code: 3 });
      expect(JSON.parse(stderr)).toEqual({
        type: 'urn:stint:problem:not_found',
        title: 'There is no such thing',
        detail: 'There is no account "nobody".',
        code: 'not_found',
        hint: 'See: stint account list',
      });
    }
  });

  test.each([
    [
      undefined,
      /^The secret is empty: nothing came on stdin\. Use: stint account add anthropic x --secret-env <variable>/,
    ],
    [' \n', /^The secret is empty: nothing came on stdin\./],
    ['sk-ant-ort01-test-0123456789', /^That is a refresh token/],
    ['two words', /^That does not look like a credential/],
    ['x'.repeat(100_000), /^What came on stdin is too long for a secret\. Give the secret alone\.$/],
  ])('on stdin adds no account: %#', async (stdin, line) => {
    const run = await place.stint(['account', 'add', 'anthropic', 'x'], stdin === undefined ? {} : { stdin });
    expect(run.code).not.toBe(0);
    expect(run.stderr.trimEnd()).toMatch(line);
  });

  test.each([
    [['account', 'add', 'anthropic', 'x', '--secret', secret]],
    [['account', 'add', 'anthropic', 'x', '--secret-env', secret]],
  ])('a secret as an argument is refused and not repeated: %#', async (args) => {
    const { stdout, stderr, code } = await place.stint(args, { stdin: '' });
    expect(code).toBe(2);
    expect(stdout + stderr).not.toContain(secret);
  });

  // The last of these: all of the above left everything as it was.
  test('changes nothing', async () => {
    const { accounts, pools } = (await json(['status'])) as { accounts: { id: string }[]; pools: { name: string }[] };
    expect(accounts.map((each) => each.id)).toEqual(['anthropic/first', 'anthropic/second']);
    expect(pools.map((each) => each.name)).toEqual(['anthropic']);
  });
});

describe('stint account', () => {
  test('adds, shows, takes out of service and removes', async () => {
    expect(await place.stint(['account', 'add', 'anthropic', ' My Team '], { stdin: secret })).toMatchObject({
      stdout: 'Added anthropic/my-team (api-key). Next: stint claude\n',
      stderr: expect.stringContaining('Warning: " My Team " is called my-team') as string,
      code: 0,
    });
    expect(await text(['account', 'list'])).toMatch(
      /^ACCOUNT +CREDENTIAL +STATE +UNTIL\n(.*\n){2}anthropic\/my-team +api-key +open +-\n$/,
    );
    expect(await text(['account', 'show', 'My-Team'])).toMatch(
      /^anthropic\/my-team {2}open\n {2}api-key, added \d+s ago \(.+\)\n$/,
    );
    expect(await text(['account', 'disable', 'my-team'])).toContain('stint account enable anthropic/my-team');
    expect(await text(['account', 'enable', 'my-team'])).toBe('anthropic/my-team is in service.\n');
    expect(await text(['account', 'clear', 'my-team'])).toBe('anthropic/my-team had no closed window; it is open.\n');
    expect(await text(['account', 'remove', 'my-team', '--yes'])).toBe('Removed anthropic/my-team and its secret.\n');
  }, 15_000);

  test('takes the secret from a variable, and a new one in place of an old one', async () => {
    const env = { MY_TOKEN: 'sk-ant-oat01-test-0123456789' };
    const args = ['account', 'add', 'anthropic', 'third', '--secret-env', 'MY_TOKEN'];
    expect((await place.stint(args, { env })).stdout).toBe('Added anthropic/third (setup-token). Next: stint claude\n');
    expect(await text(['account', 'add', 'anthropic', 'third', '--replace'], secret)).toBe(
      'anthropic/third has a new secret (api-key). Next: stint status\n',
    );
    await text(['account', 'remove', 'third', '--yes']);
  }, 10_000);
});

test('a base URL on which the secret can be read is taken with one line that says so', async () => {
  const args = ['account', 'add', 'anthropic', 'clear', '--base-url', 'http://192.0.2.1:9'];
  const said =
    'The secret travels unencrypted to 192.0.2.1:9: anybody on the way can read it. Use https:// where you can.';
  expect(await place.stint(args, { stdin: secret })).toEqual({
    stdout: 'Added anthropic/clear (api-key). Next: stint claude\n',
    stderr: `Warning: ${said}\n`,
    code: 0,
  });
  expect(JSON.parse(await text([...args, '--replace', '--json'], secret))).toMatchObject({ warning: said });
  await text(['account', 'remove', 'clear', '--yes']);
}, 10_000);

test('stint pool makes, pins, shows and removes a pool', async () => {
  expect(await text(['pool', 'create', 'Own', 'second', 'first', '--strategy', 'priority'])).toBe(
    'pool own  priority\n  accounts: anthropic/second, anthropic/first\n  next request: anthropic/second\n',
  );
  expect(await text(['pool', 'use', 'own', 'first'])).toMatch(/^pool own {2}priority, pinned to anthropic\/first\n/);
  expect(await text(['status'])).toContain(
    'pool own  priority, pinned to anthropic/first\n  next request: anthropic/first\n',
  );
  expect(await text(['pool', 'use', 'own', '--auto'])).toMatch(/^pool own {2}priority\n/);
  expect(await text(['pool', 'set', 'own', '--accounts', 'first', '--overage', 'last'])).toMatch(
    /^pool own {2}priority, overage: last\n {2}accounts: anthropic\/first\n/,
  );
  expect(await text(['pool', 'list'])).toMatch(
    /^POOL +STRATEGY.*\nanthropic +sticky +forbid.*\nown +priority +last +- +anthropic\/first\n$/,
  );
  expect(await text(['pool', 'remove', 'own', '--yes'])).toBe('Removed pool own; its accounts stay.\n');
}, 15_000);

describe('stint logs', () => {
  test('shows the last lines for people, and as they are with --json', async () => {
    expect(await text(['logs', '-n', '10000'])).toMatch(
      /^\d\d:\d\d:\d\d started pid=\d+ version=\S+ (?:protocol=\d+ )?startedAt=\d\d:\d\d UTC/,
    );
    const lines = (await text(['logs', '--json', '--lines', '2'])).trim().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('message');
  });

  test('goes on with new lines until it is interrupted', async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, '../../main.ts'), '--home', place.home, 'logs', '-f', '-n', '1'],
      {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
      },
    );
    let seen = '';
    for await (const chunk of child.stdout) {
      const before = seen;
      seen += new TextDecoder().decode(chunk);
      if (before === '') await text(['account', 'disable', 'second']);
      if (seen.includes('account.disable')) break;
    }
    child.kill('SIGINT');
    await child.exited;
    expect(seen).toContain('changed: account.disable anthropic/second\n');
    await text(['account', 'enable', 'second']);
  }, 15_000);
});

describe('options of every command', () => {
  test('stand before or after its name, and the last one counts', async () => {
    const missing = join(place.folder, 'missing');
    for (const args of [
      ['--json', 'account', 'list'],
      ['account', '--json', 'list'],
      ['account', 'list', '--json'],
    ]) {
      expect(JSON.parse((await place.stint(args)).stdout)).toHaveProperty('accounts');
    }
    expect((await place.stint(['--home', missing, 'status', '--home', place.home, '--no-start'])).code).toBe(0);
    expect((await place.stint(['--home', place.home, 'status', '--home', missing, '--no-start'])).code).toBe(5);
  }, 10_000);

  test('colours are shown on request, and never with NO_COLOR', async () => {
    const shown = await place.stint(['status'], { env: { FORCE_COLOR: '1' } });
    expect(shown.stdout).toContain('\u001b[32mopen');
    expect((await place.stint(['status'], { env: { NO_COLOR: '1', FORCE_COLOR: '1' } })).stdout).not.toContain(
      '\u001b',
    );
    expect((await place.stint(['status'])).stdout).not.toContain('\u001b');
  });
});

test('stint alone and stint help say what to do next', async () => {
  expect(await text([])).toContain('It is running; 2 of 2 accounts are open. Next:\n  stint claude ');
  expect(await json([])).toMatchObject({
    running: true,
    accounts: 2,
    next: expect.arrayContaining(['stint claude']) as string[],
  });
  expect(await text(['help'])).toBe(await text(['--help']));
});

async function add(label: string): Promise<void> {
  await text(['account', 'add', 'anthropic', label], `${secret}-${label}\n`);
}

async function text(args: readonly string[], stdin?: string): Promise<string> {
  const run = await place.stint(args, stdin === undefined ? {} : { stdin });
  expect(run).toMatchObject({ stderr: '', code: 0 });
  return run.stdout;
}

async function json(args: readonly string[]): Promise<unknown> {
  return JSON.parse(await text(['--json', ...args]));
}
