import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace } from '../../test/daemon-rig.ts';
import type { JobView } from '../operations/job-view.ts';
import type { ResolvedView } from '../operations/model.ts';

const config = `
[jobs]
models.anthropic = ["opus", "sonnet"]

[agents.served]
command = ["served"]
result = "^done (.*)"
provider = "anthropic"
model = ["--model", "{model}"]
environment = { MY_URL = "{gateway}/anthropic", MY_TOKEN = "{token}" }
`;

test('limits that are set by hand are the gateway’s and the ladder’s in the same call, and jobs go back when they are cleared', async () => {
  await using on = openPlace();
  const [bin, work] = [join(on.folder, 'bin'), join(on.folder, 'work')];
  for (const each of [bin, work, on.home]) mkdirSync(each, { mode: 0o700 });
  writeFileSync(join(bin, 'served'), '#!/bin/sh\necho "done $*"', { mode: 0o755 });
  writeFileSync(join(on.home, 'config.toml'), config, { mode: 0o600 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const stint = async <Answer>(...args: string[]): Promise<Answer> => {
    const { stdout, stderr, code } = await on.stint([...args, '--json'], { env });
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Answer;
  };
  await on.stint(['account', 'add', 'anthropic', 'work'], { env, stdin: 'sk-ant-api03-test-0123456789' });
  const limits = async (method: 'POST' | 'DELETE', model: string): Promise<number> =>
    (await on.api('/api/models/rate-limits', { method, body: JSON.stringify({ model }) })).status;
  const resolve = () => stint<ResolvedView>('model', 'resolve', '--agent', 'served', '--model', 'opus');
  const add = () => stint<JobView>('job', 'add', 'Do it.', '--directory', work, '--agent', 'served', '--model', 'opus');
  const show = (id: string) => stint<JobView>('job', 'show', id);
  const runs = async (): Promise<string | null> => {
    const { id } = await add();
    await on.stint(['job', 'logs', id, '--follow'], { env });
    return (await show(id)).result;
  };

  expect(await resolve()).toMatchObject({ runs: { model: 'opus' }, isPreferred: true, until: null });
  expect(await limits('POST', 'opus')).toBe(201);
  const second = await resolve();
  expect(second).toMatchObject({
    ...{ runs: { agent: 'served', pool: 'anthropic', model: 'sonnet', account: null }, isPreferred: false },
    rungs: [
      { model: 'opus', verdict: 'skipped', skipped: [{ account: 'anthropic/work', reason: 'closed' }] },
      { model: 'sonnet', verdict: 'taken', until: null },
    ],
  });
  const next = await stint<{ account: string | null; skipped: object[] }>(
    'pool',
    'explain',
    'anthropic',
    '--model',
    'opus',
  );
  expect(next).toMatchObject({ account: null, skipped: second.rungs[0]?.skipped ?? [{}] });
  expect(await runs()).toBe('--model sonnet');

  await on.stint(['config', 'set', 'jobs.models.anthropic', '["opus", "haiku"]'], { env });
  expect(await resolve()).toMatchObject({ runs: { model: 'haiku' } });

  expect(await limits('POST', 'haiku')).toBe(201);
  const closed = await resolve();
  expect(closed).toMatchObject({ runs: null, rungs: [{ verdict: 'skipped' }, { verdict: 'skipped' }] });
  expect(closed.until).toBe(Math.min(...closed.rungs.map(({ until }) => until ?? 0)));
  const parked = await add();
  await on.stint(['job', 'logs', parked.id], { env });
  expect(await stint<ResolvedView>('model', 'resolve', parked.id)).toMatchObject({ job: parked.id, runs: null });
  expect(await limits('DELETE', 'opus')).toBe(200);
  expect(await resolve()).toMatchObject({ runs: { model: 'opus' }, isPreferred: true });
  await on.stint(['job', 'logs', parked.id, '--follow'], { env });
  expect(await show(parked.id)).toMatchObject({ state: 'done', result: '--model opus' });
}, 60_000);
