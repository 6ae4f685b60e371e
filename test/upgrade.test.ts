// A daemon of this version on what earlier ones left behind.
import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../src/home/open-home.ts';
import type { JobView } from '../src/operations/job-view.ts';
import { openStore } from '../src/store/open-store.ts';
import { openVault } from '../src/vault/open-vault.ts';
import { openPlace } from './daemon-rig.ts';
import { fixtures, restoreFixture } from './database-fixture.ts';
import { temporaryFolder } from './temp-folder.ts';

const secret = 'sk-ant-api03-test-0123456789';
const line = (entry: object): string => `${JSON.stringify(entry)}\n`;
const result = (text: string): string => line({ type: 'result', subtype: 'success', is_error: false, result: text });
/** Claude Code as far as jobs need it: it notes how it was called. */
const claude = `#!/bin/sh
echo "$STINT_ATTEMPT $*" >> "$NOTES"
cat > /dev/null
printf '%s' '${result('went on')}'
`;

test.each(fixtures.filter((name) => name < '0004'))(
  'a home of %s serves as before',
  async (name) => {
    await using place = await openOld(name, {});
    const { ended } = await place.up();
    const pools: unknown = JSON.parse((await place.stint(['pool', 'list', '--json'])).stdout);
    expect(pools).toMatchObject({ pools: [{ name: 'anthropic', strategy: 'priority' }, { name: 'mine' }] });
    expect(JSON.parse((await place.stint(['job', 'list', '--json'])).stdout)).toEqual({ jobs: [] });
    await place.stint(['down']);
    expect((await ended).code).toBe(0);
  },
  20_000,
);

test('jobs that were parked, were about to start or ended meanwhile go on after an upgrade', async () => {
  using tools = temporaryFolder();
  const notes = join(tools.path, 'notes');
  writeFileSync(join(tools.path, 'claude'), claude.replace('$NOTES', notes), { mode: 0o755 });
  await using place = await openOld('0004-jobs', { PATH: `${tools.path}:${process.env['PATH'] ?? ''}` });
  // Its process outlived the daemon of before, and has ended since.
  const files = join(place.home, 'attempts/running123.1');
  mkdirSync(files, { recursive: true, mode: 0o700 });
  writeFileSync(join(files, 'stdout'), result('ended meanwhile'));
  writeFileSync(join(files, 'stderr'), '');
  writeFileSync(join(files, 'exit'), '0 1793520100\n');

  const { ended } = await place.up();
  const ending = ['parked1234', 'running123', 'starting12', 'after12345'];
  // The stream of its logs ends with the job.
  await Promise.all(ending.map(async (id) => (await place.api(`/api/jobs/${id}/logs?follow=true`)).text()));
  const { jobs } = (await (await place.api('/api/jobs')).json()) as { jobs: JobView[] };
  const shown = Object.fromEntries(jobs.map(({ id, state, attempts, result: text }) => [id, [state, attempts, text]]));
  expect(shown).toEqual({
    parked1234: ['done', 2, 'went on'],
    running123: ['done', 1, 'ended meanwhile'],
    starting12: ['done', 1, 'went on'],
    after12345: ['done', 1, 'went on'],
    later12345: ['parked', 1, null],
    waiting123: ['waiting', 0, null],
    done123456: ['done', 1, 'All well.'],
  });
  const called = (await Bun.file(notes).text()).trim().split('\n').toSorted();
  expect(called.map((each) => each.split(' ')[0] ?? '')).toEqual(['after12345.1', 'parked1234.2', 'starting12.1']);
  expect(called[1]).toContain('--resume 11111111-2222-4333-8444-555555555555');
  const { records } = (await (await place.api('/api/audit?kind=job.done')).json()) as {
    records: { subject: string }[];
  };
  expect(records.map(({ subject }) => subject).toSorted()).toEqual(ending.toSorted());
  await place.stint(['down']);
  await ended;
  await using store = await openNoticed(place.home);
  const told = (await store.recentNotices(99)).filter(({ notice }) => notice.kind === 'job-done');
  expect(told.map(({ notice }) => notice.facts.job as string).toSorted()).toEqual(ending.toSorted());
}, 30_000);

async function openNoticed(home: string) {
  const store = await openStore((await openHome(home)).database, { now: Date.now() });
  return { ...store, [Symbol.asyncDispose]: () => store.close() };
}

/** A home with that database and the secrets of its accounts. */
async function openOld(name: string, environment: Readonly<Record<string, string>>) {
  const place = openPlace(environment);
  const home = await openHome(place.home);
  restoreFixture(name, home.database, place.folder);
  const vault = await openVault(home.vault);
  for (const id of ['work', 'home']) await vault.write(`anthropic/${id}` as Parameters<typeof vault.write>[0], secret);
  return place;
}
