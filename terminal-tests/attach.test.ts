// `stint job attach` on a real terminal, with an agent that answers what is typed.
import { beforeAll, describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobView } from '../src/operations/job-view.ts';
import { openPlace, type Place } from '../test/daemon-rig.ts';
import { onTerminal } from '../test/on-terminal.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import { requireTmux } from './require-tmux.ts';

beforeAll(requireTmux, 300_000);

/** It tells its hooks what Claude Code tells them. */
const claude = `#!/bin/sh
hook=$(printf '%s\\n' "$@" | sed -n 's/.*"command":"\\/bin\\/sh \\([^"]*\\)".*/\\1/p' | head -n 1)
say() { printf '{"session_id":"11111111-2222-4333-8444-555555555555","hook_event_name":"%s"%s}' "$1" "$2" | sh "$hook"; }
say SessionStart
say UserPromptSubmit
echo ready
while read -r line; do
  case "$line" in
    *bye*) exit 0;;
    *ask*) say Stop ',"last_assistant_message":"Which one?"';;
    *) say UserPromptSubmit; echo "heard <$line>";;
  esac
done
`;

type Rig = Place & {
  /** Adds an interactive job, and resolves with its id when its agent runs. */
  add(transport: string): Promise<string>;
  /** Resolves with the job once it is in this state. */
  reaches(id: string, state: JobView['state']): Promise<JobView>;
  /** Resolves when the agent's terminal shows a text to somebody who attaches. */
  shows(id: string, text: string): Promise<void>;
};

async function openRig(): Promise<Rig> {
  const bin = temporaryFolder();
  writeFileSync(join(bin.path, 'claude'), claude, { mode: 0o755 });
  const place = openPlace({ PATH: `${bin.path}:${process.env['PATH'] ?? ''}` });
  const { ended } = await place.up();
  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
  const reaches: Rig['reaches'] = async (id, state) => {
    for (;;) {
      const { stdout } = await place.stint(['job', 'show', id, '--json']);
      const job = JSON.parse(stdout) as JobView;
      if (job.state === state) return job;
      if (job.state === 'failed') throw new Error(stdout);
    }
  };
  return {
    ...place,
    reaches,
    async add(transport) {
      const { stdout, stderr } = await place.stint([
        ...['job', 'add', 'Do it.', '--transport', transport, '--interactive', '--json'],
      ]);
      if (stdout === '') throw new Error(stderr);
      const { id } = JSON.parse(stdout) as JobView;
      await reaches(id, 'running');
      return id;
    },
    async shows(id, text) {
      const looking = onTerminal(place, 'job', 'attach', id);
      expect(await looking.shows(text)).toContain(text);
      looking.kill('SIGKILL');
      await looking.ended;
    },
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await ended;
      bin[Symbol.dispose]();
    },
  };
}

const leave = { pty: '\u001d', tmux: '\u0002d' } as const;

describe.each(['pty', 'tmux'] as const)('a terminal of %s', (transport) => {
  test('is attached to, typed into and left by several people, and the job goes on', async () => {
    await using rig = await openRig();
    const id = await rig.add(transport);
    const first = onTerminal(rig, 'job', 'attach', id);
    await first.shows('ready');
    expect(await first.shows('leaves; the job goes on.')).toContain('leaves; the job goes on.');
    const second = onTerminal(rig, 'job', 'attach', id);
    await second.shows('ready');
    first.type('one\r');
    for (const each of [first, second]) expect(await each.shows('heard <one>')).toContain('heard <one>');
    first.type(leave[transport]);
    expect((await first.ended).code).toBe(0);
    second.kill('SIGKILL');
    await second.ended;
    await rig.shows(id, 'heard <one>');
    const last = onTerminal(rig, 'job', 'attach', id);
    await last.shows('heard <one>');
    last.type('bye\r');
    await last.ended;
  });

  test('asks, and takes an answer that was given elsewhere', async () => {
    await using rig = await openRig();
    const id = await rig.add(transport);
    const person = onTerminal(rig, 'job', 'attach', id);
    await person.shows('ready');
    person.type('ask\r');
    expect(await rig.reaches(id, 'waiting')).toMatchObject({ question: 'Which one?' });
    await rig.stint(['job', 'answer', id, 'the second']);
    expect(await person.shows('the second')).toContain('the second');
    await rig.reaches(id, 'running');
    person.type('bye\r');
    await person.ended;
  });
});

test('a job without a terminal says where to look instead', async () => {
  await using rig = await openRig();
  const added = await rig.stint(['job', 'add', 'Do it.', '--json']);
  const { id } = JSON.parse(added.stdout) as JobView;
  const { stderr, code } = await rig.stint(['job', 'attach', id]);
  expect(stderr).toBe(`Job ${id} runs without a terminal. See: stint job logs ${id} --follow\n`);
  expect(code).not.toBe(0);
  await rig.stint(['job', 'cancel', id]);
});
