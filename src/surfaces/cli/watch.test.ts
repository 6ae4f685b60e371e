// Commands that go on by themselves, as a person and as a script have them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openPlace, openServing, type Place } from '../../../test/daemon-rig.ts';
import { onTerminal } from '../../../test/on-terminal.ts';

const secret = 'sk-ant-api03-test-0123456789';
const launcher = join(import.meta.dir, '../../../bin/stint.mjs');
const gone = 'The daemon has stopped; this goes on when it runs again.';
/** Longer than any test: what is seen before came by an event. */
const never = '600';

let place: Place;

beforeAll(async () => {
  place = await openServing();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

type Following = {
  /** Resolves with all of stdout and stderr, once it holds the text; also when the command has ended without it. */
  shows(text: string): Promise<string>;
  interrupt(): Promise<number>;
};

/** Runs `stint` without a terminal, until it is interrupted. */
function follow({ home, folder }: Place, ...args: string[]): Following {
  let seen = '';
  let changed = Promise.withResolvers<void>();
  let over = false;
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const child = Bun.spawn(['node', launcher, ...args], {
    env: { PATH: process.env['PATH'], HOME: folder, STINT_HOME: home, STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const chunk of stream) {
      seen += new TextDecoder().decode(chunk);
      tell();
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.exited]).then(() => {
    over = true;
    tell();
  });
  return {
    async shows(text) {
      while (!seen.includes(text) && !over) await changed.promise;
      return seen;
    },
    async interrupt() {
      child.kill('SIGINT');
      await ended;
      return child.exitCode ?? -1;
    },
  };
}

describe('stint --watch', () => {
  test('draws over itself on a terminal, shows a change at once, and leaves the terminal as it was', async () => {
    const session = onTerminal(place, 'account', 'list', '--watch', never);
    expect(await session.shows('anthropic/work')).toContain('every 10m, seen at');
    await place.stint(['account', 'disable', 'work']);
    await session.shows('disabled');
    session.type('\u0003');
    const { code, shown } = await session.ended;
    expect(code).toBe(130);
    expect(shown.split('\u001b[?1049h')).toHaveLength(2);
    const [drawn = '', after = ''] = shown.split('\u001b[?25h\u001b[?1049l');
    expect(drawn).toContain('\u001b[?25l');
    // The last answer stays.
    expect(after).toContain('anthropic/work  api-key     disabled');
    await place.stint(['account', 'enable', 'work']);
  }, 15_000);

  test('leaves the terminal as it was on SIGTERM', async () => {
    const session = onTerminal(place, 'status', '--watch', never);
    await session.shows('anthropic/work');
    session.kill('SIGTERM');
    const { code, shown } = await session.ended;
    expect(code).toBe(143);
    expect(shown).toContain('\u001b[?25h\u001b[?1049l');
  }, 15_000);

  test('appends answers where there is no terminal, and goes on when the daemon is back', async () => {
    await using own = openPlace();
    await own.stint(['up', '--detach']);
    const text = follow(own, 'account', 'list', '--watch', '0.2');
    const json = follow(own, 'account', 'list', '--watch', '0.2', '--json');
    await text.shows('No accounts yet.');
    await json.shows('{"accounts":[]}\n');
    await own.stint(['down']);
    await Promise.all([text.shows(gone), json.shows(gone)]);
    await own.stint(['account', 'add', 'anthropic', 'back'], { stdin: secret });
    const [shown, lines] = await Promise.all([text.shows('anthropic/back'), json.shows('anthropic/back')]);
    expect(shown).toMatch(/^--- \d{4}-\S+Z\nNo accounts yet\./);
    expect(shown.split(gone)).toHaveLength(2);
    for (const line of lines.split('\n').slice(0, -1))
      if (line !== gone) expect(JSON.parse(line)).toHaveProperty('accounts');
    expect(await Promise.all([text.interrupt(), json.interrupt()])).toEqual([130, 130]);
  }, 20_000);

  test.each([
    [['account', 'show', 'nobody', '--watch'], 3, 'There is no account "nobody".'],
    [['account', 'list', '--watch', 'often'], 2, 'It takes seconds from 0.1 to 86400'],
    [['account', 'enable', 'work', '--watch'], 2, "Unknown option '--watch'."],
  ])('%j says what is wrong', async (args, code, message) => {
    const run = await place.stint(args);
    expect(run).toMatchObject({ stdout: '', code });
    expect(run.stderr).toContain(message);
  });
});

describe('stint event watch', () => {
  test('prints what happens, and misses nothing while the daemon is away', async () => {
    await using own = openPlace();
    await own.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
    const text = follow(own, 'event', 'watch', '--after', '0');
    const json = follow(own, 'event', 'watch', '--after', '0', '--json');
    await Promise.all([text.shows('account.add'), json.shows('account.add')]);
    await own.stint(['down']);
    await Promise.all([text.shows(gone), json.shows(gone)]);
    await own.stint(['account', 'disable', 'work']);
    const [shown, lines] = await Promise.all([text.shows('account.disable'), json.shows('account.disable')]);
    expect(shown).toMatch(/^\d\d:\d\d:\d\d account\.add anthropic\/work \(owner by cli\)\n/);
    const records = lines.split('\n').filter((line) => line.startsWith('{'));
    const ids = records.map((line) => (JSON.parse(line) as { id: number }).id);
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(await Promise.all([text.interrupt(), json.interrupt()])).toEqual([130, 130]);
  }, 20_000);

  test('ends when nobody reads any more', async () => {
    const child = Bun.spawn(
      ['sh', '-c', `{ node '${launcher}' event watch --after 0; echo "ended with $?" >&2; } | head -n 1`],
      {
        env: { PATH: process.env['PATH'], HOME: place.folder, STINT_HOME: place.home },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      },
    );
    const reader = child.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('account.add');
    // A pipe is found broken when the next line is written.
    for (const verb of ['disable', 'enable']) await place.stint(['account', verb, 'work']);
    expect(await new Response(child.stderr).text()).toBe('ended with 0\n');
    await reader.cancel();
    await child.exited;
  }, 15_000);
});
