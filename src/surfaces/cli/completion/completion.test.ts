// Real shells with our script, on a daemon that has accounts and pools.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openServing, type Place } from '../../../../test/daemon-rig.ts';

const secret = 'sk-ant-api03-test-0123456789';
let place: Place;

beforeAll(async () => {
  place = await openServing();
  for (const label of ['work', 'home'])
    await place.stint(['account', 'add', 'anthropic', label], { stdin: secret + label });
  await place.stint(['pool', 'create', 'own', 'work']);
  await place.stint(['job', 'add', 'later', '--schedule-at', '2126-11-23T07:00:00Z']);
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(import.meta.dir, '../../../../bin/stint.mjs'), join(bin, 'stint'));
}, 20_000);

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

describe('stint completion', () => {
  test('completes in bash', async () => {
    const script = `
      eval "$(stint completion bash)"
      complete -p stint
      offered() { COMP_WORDS=(stint "$@"); COMP_CWORD=$#; _stint; echo "\${COMPREPLY[@]}"; }
      offered account show anthropic/w
      offered pool move work o
      offered pool create x --strategy = p
      [ "$(offered job show '')" = "$(stint job list --json | sed -n 's/.*"id": "\\(.*\\)".*/\\1/p')" ] && offered run --depends-on '' | wc -w
      offered config set log.level ''
      offered notice test ''
      offered --home ${place.folder}/missing account show ''`;
    expect(await run(['bash', '--norc', '-c', script])).toBe(
      'complete -F _stint stint\nanthropic/work\nown\npriority\n1\ndebug info warning error\nlog\n\n',
    );
    // Nobody starts a daemon by pressing Tab.
    expect(existsSync(join(place.folder, 'missing'))).toBe(false);
  }, 15_000);

  test.skipIf(Bun.which('fish') === null)('completes in fish', async () => {
    const script = `stint completion fish | source; complete --do-complete 'stint account show anthropic/w'`;
    expect(await run(['fish', '--no-config', '-c', script])).toBe('anthropic/work\topen\n');
  });

  test.skipIf(Bun.which('zsh') === null)('completes in zsh', async () => {
    const file = join(place.folder, 'trial.zsh');
    // A completion function only runs within a completion: what it would show is caught where it hands it over.
    writeFileSync(
      file,
      `compdef() { print -r -- "compdef $*" }
       _describe() { print -rl -- "\${(@P)2}" }
       eval "$(stint completion zsh)"
       words=(stint account show anthropic/w); CURRENT=4
       _stint`,
    );
    expect(await run(['zsh', '-f', file])).toBe('compdef _stint stint\nanthropic/work:open\n');
  });

  test('names the shells that it knows', async () => {
    const { stderr, code } = await place.stint(['completion', 'tcsh']);
    expect({ stderr, code }).toEqual({
      stderr: expect.stringMatching(/Allowed choices are bash, zsh, fish\./) as string,
      code: 2,
    });
  });
});

async function run(command: string[]): Promise<string> {
  const child = Bun.spawn(command, {
    env: {
      PATH: `${place.folder}/bin:${process.env['PATH'] ?? ''}`,
      ...{ HOME: place.folder, STINT_HOME: place.home, LC_ALL: 'C.UTF-8' },
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return text;
}
