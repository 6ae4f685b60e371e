// create_job, wait_for_jobs, finish_job and report_status, over HTTP.
import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTools, soon, type ToolRig, type Worker } from '../../test/tool-rig.ts';
import { finish } from '../../test/supervisor-rig.ts';
import { jobSpecOf, type JobWish } from '../operations/job-spec.ts';
import type { JobView } from '../operations/job-view.ts';

type Waited = {
  ended: { job: string; state: string; result: string | null; failure: string | null }[];
  pending: { job: string; state: string; report: string | null }[];
};

describe('create_job', () => {
  test('makes a job of the same kind for the same place, and says in the audit trail who did', async () => {
    await using rig = await openTools();
    const worker = await rig.work({ model: 'opus', environment: { KIND: 'test' } });
    const child = await create(worker, { prompt: 'Do a part.', title: 'a part', priority: 5 });
    const { spec } = rig.agents.supervisor.find(child.id as never) ?? worker.job;
    expect(spec).toMatchObject({
      ...worker.job.spec,
      prompt: 'Do a part.',
      title: 'a part',
      priority: 5,
      parent: worker.job.id,
    });
    expect(child).toMatchObject({ parent: worker.job.id, agent: 'claude', model: 'opus' });
    expect(rig.operations.audit).toContainEqual(
      expect.objectContaining({ kind: 'job.add', surface: 'mcp', actor: `job:${worker.job.id}`, outcome: 'done' }),
    );
  });

  test('with a key finds the same job again, and no job of another tree', async () => {
    await using rig = await openTools();
    const [one, other] = [await rig.work(), await rig.work()];
    const wish = { prompt: 'Do a part.', key: 'part' };
    const first = await create(one, wish);
    expect((await create(one, wish)).id).toBe(first.id);
    expect((await create(other, wish)).id).not.toBe(first.id);
  });

  test.each([
    ['arguments', { args: ['--dangerously-skip-permissions'] }, 'may not choose the arguments'],
    ['a way to other programs', { environment: { PATH: '/evil' } }, 'may not choose PATH'],
    ['a secret', { environment: { MINE: 'sk-ant-api03-0123456789' } }, 'looks like a secret'],
    ['an agent that nobody knows', { agent: 'nobody' }, 'is not an agent'],
    ['an option as a model', { model: '--dangerously-skip-permissions' }, 'named without a -'],
    ['a field that there is none of', { root: true }, 'has no field root'],
  ])('refuses %s and makes nothing', async (_, more, words) => {
    await using rig = await openTools();
    const worker = await rig.work();
    const before = rig.agents.supervisor.all().length;
    const answer = await worker.call('create_job', { prompt: 'x', ...more });
    expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining(words)]);
    expect(rig.agents.supervisor.all()).toHaveLength(before);
  });

  test('refuses a job that would wait for the one that waits for it', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const answer = await worker.call('create_job', { prompt: 'x', dependsOn: [worker.job.id] });
    expect(answer.text).toContain('would start when yours has ended');
  });

  test('refuses a job that would wait for one that starts after its own has ended', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const after = await rig.agents.add(finish(), { dependsOn: [worker.job.id] });
    const child = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const before = rig.agents.supervisor.all().length;
    for (const each of [worker, child]) {
      const { isError, text } = await each.call('create_job', { prompt: 'x', dependsOn: [after.id] });
      const why = `A job that depends on job ${after.id} would start when yours has ended: job ${after.id} waits for job ${worker.job.id}.`;
      expect([isError, text]).toEqual([true, expect.stringContaining(why)]);
    }
    expect(rig.agents.supervisor.all()).toHaveLength(before);
    await rig.end(worker.job.id);
    await rig.agents.reaches(after.id, 'done');
    expect((await create(child, { prompt: 'x', dependsOn: [after.id, worker.job.id] })).state).toBe('queued');
  });

  test('ends with the fifth generation', async () => {
    await using rig = await openTools();
    let worker = await rig.work();
    for (let generation = 2; generation <= 5; generation += 1)
      worker = await rig.workerOf((await create(worker, { prompt: `generation ${generation}` })).id);
    const answer = await worker.call('create_job', { prompt: 'one more' });
    expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining('generation 5')]);
  });

  test('ends with 50 jobs that live, until one of them has ended', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    rig.agents.paused = 'a test';
    let last = '';
    for (let count = 0; count < 50; count += 1) last = (await create(worker, { prompt: `part ${count}` })).id;
    const answer = await worker.call('create_job', { prompt: 'one more' });
    expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining('50 jobs of this tree live')]);
    await rig.agents.supervisor.cancel(last as never);
    expect((await create(worker, { prompt: 'one more' })).state).toBe('queued');
  });

  test('lets nobody but an agent give a job a parent', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const wish = { prompt: 'x', directory: '/tmp', agent: 'claude', parent: worker.job.id } as unknown as JobWish;
    const whole = { priority: 0, dependsOn: [], fallbackAgents: [], environment: {}, args: [], nice: 0, asks: false };
    const context = { ...rig.operations.context, caller: { surface: 'rest', actor: 'token', scope: 'full' } as const };
    expect(jobSpecOf(context, { ...whole, ...wish }).parent).toBeNull();
  });
});

describe('wait_for_jobs', () => {
  test('has the results of those that ended, also where there is only one place', async () => {
    await using rig = await openTools();
    rig.agents.places = 1;
    const worker = await rig.work({ args: [script(rig, 'parent'), 'child'] });
    const parts = [await create(worker, { prompt: 'one' }), await create(worker, { prompt: 'two' })];
    expect(rig.agents.supervisor.all().map(({ state }) => state.kind)).toEqual(['running', 'queued', 'queued']);
    const waited = await wait(worker, ...parts.map(({ id }) => id));
    expect(waited).toMatchObject({
      ended: parts.map(({ id }) => ({ job: id, state: 'done', result: 'the part is done', failure: null })),
      pending: [],
    });
    expect(rig.agents.supervisor.find(worker.job.id)).toMatchObject({ state: { kind: 'running' }, attempts: 1 });
  });

  test('returns in time with those that still run, and can be called again', async () => {
    await using rig = await openTools({ waitMs: 100 });
    const worker = await rig.work();
    const part = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    await part.call('report_status', { status: 'half of it' });
    expect(await wait(worker, part.job.id)).toMatchObject({
      ended: [],
      pending: [{ job: part.job.id, state: 'running', report: 'half of it' }],
    });
    await rig.end(part.job.id);
    await rig.agents.reaches(part.job.id, 'done');
    expect(await wait(worker, part.job.id.slice(0, 8))).toMatchObject({ ended: [{ job: part.job.id }], pending: [] });
  });

  test('tells that one was cancelled', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const gone = await create(worker, { prompt: 'one' });
    await rig.agents.supervisor.cancel(gone.id as never);
    expect((await wait(worker, gone.id)).ended).toMatchObject([{ state: 'cancelled', result: null }]);
  });

  test('answers at once when Stint stops, and goes on after its restart', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const part = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const waiting = wait(worker, part.job.id);
    await soon(() => rig.agents.supervisor.awaited(worker.job.id).length > 0);
    await rig.restart();
    expect(await waiting).toMatchObject({ pending: [{ job: part.job.id }] });
    const again = wait(worker, part.job.id);
    await rig.end(part.job.id);
    expect((await again).ended).toMatchObject([{ job: part.job.id, state: 'done' }]);
  });

  test('takes its place again when its client has gone', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const part = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const waiting = worker.call('wait_for_jobs', { jobs: [part.job.id] }).catch(() => 'left');
    await soon(() => rig.agents.supervisor.awaited(worker.job.id).length > 0);
    await worker.client.close();
    expect(await waiting).toBe('left');
    await soon(() => rig.agents.supervisor.awaited(worker.job.id).length === 0);
  });

  test('is for jobs of the same tree, and not for those that wait for the caller', async () => {
    await using rig = await openTools();
    const [worker, stranger] = [await rig.work(), await rig.work()];
    const child = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const foreign = await worker.call('wait_for_jobs', { jobs: [stranger.job.id] });
    expect(foreign.text).toContain('among those that your job has led to');
    const upward = await child.call('wait_for_jobs', { jobs: [worker.job.id] });
    const circle = `job ${child.job.id} waits for job ${worker.job.id}, job ${worker.job.id} waits for job ${child.job.id}`;
    expect([upward.isError, upward.text]).toEqual([true, expect.stringContaining(`would never end: ${circle}.`)]);
    const own = await child.call('wait_for_jobs', { jobs: [child.job.id] });
    expect(own.text).toContain(`job ${child.job.id} waits for job ${child.job.id}.`);
  });

  test('refuses at once a job that waits for the caller, and the other goes on to wait', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const one = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const other = await rig.workerOf((await create(worker, { prompt: 'two' })).id);
    const waiting = wait(one, other.job.id);
    await soon(() => rig.agents.supervisor.awaited(one.job.id).length > 0);
    const refused = await other.call('wait_for_jobs', { jobs: [one.job.id] });
    const circle = `job ${other.job.id} waits for job ${one.job.id}, job ${one.job.id} waits for job ${other.job.id}`;
    expect([refused.isError, refused.text]).toEqual([true, expect.stringContaining(circle)]);
    await rig.end(other.job.id);
    expect(await waiting).toMatchObject({ ended: [{ job: other.job.id }], pending: [] });
  });

  test('refuses a job that starts when the caller, or one that the caller comes from, has ended', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const one = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const part = await rig.workerOf((await create(one, { prompt: 'a part' })).id);
    const after = await create(worker, { prompt: 'two', dependsOn: [one.job.id] });
    const own = await one.call('wait_for_jobs', { jobs: [after.id] });
    expect(own.text).toContain(
      `job ${one.job.id} waits for job ${after.id}, job ${after.id} waits for job ${one.job.id}.`,
    );
    const deep = await part.call('wait_for_jobs', { jobs: [after.id] });
    const last = `job ${after.id} waits for job ${one.job.id}, job ${one.job.id} waits for job ${part.job.id}`;
    expect(deep.text).toContain(`job ${part.job.id} waits for job ${after.id}, ${last}.`);
    await rig.end(one.job.id);
    await rig.agents.reaches(one.job.id, 'done');
    const again = part.call('wait_for_jobs', { jobs: [one.job.id, after.id] });
    await rig.workerOf(after.id);
    await rig.end(after.id as never);
    expect((await again).output as Waited).toMatchObject({ ended: [{ job: one.job.id }, { job: after.id }] });
  });

  test('closes no circle with a lock and a job that is to start later', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const one = await rig.workerOf((await create(worker, { prompt: 'one' })).id);
    const other = await rig.workerOf((await create(worker, { prompt: 'two' })).id);
    const after = await create(worker, { prompt: 'three', dependsOn: [other.job.id] });
    await one.call('lock_files', { files: ['src'] });
    const waiting = wait(one, after.id);
    await soon(() => rig.agents.supervisor.awaited(one.job.id).length > 0);
    const { text } = await other.call('lock_files', { files: ['src/a'] });
    const circle = [other, one, { job: after }, other].map(({ job }) => `job ${job.id}`);
    for (const [place, each] of circle.slice(1).entries()) expect(text).toContain(`${circle[place]} waits for ${each}`);
    await rig.end(other.job.id);
    await rig.workerOf(after.id);
    await rig.end(after.id as never);
    expect((await waiting).pending).toEqual([]);
  });
});

describe('finish_job', () => {
  test('is the result of the job, whatever its agent says after it; the later text counts', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    for (const result of ['almost', 'all of it'])
      expect((await worker.call('finish_job', { result })).output as object).toMatchObject({ finished: true });
    await rig.end(worker.job.id);
    expect((await rig.agents.reaches(worker.job.id, 'done')).state).toMatchObject({ result: 'all of it' });
    const { attempt } = worker;
    const late = await rig.agents.supervisor.tell(worker.job.id, { kind: 'finished', attempt, result: 'late' });
    expect(late).toMatchObject({ code: 'conflict' });
    expect(rig.agents.supervisor.find(worker.job.id)?.state).toMatchObject({ kind: 'done', result: 'all of it' });
  });

  test('answers politely where the job is being cancelled, and that stays so', async () => {
    await using rig = await openTools();
    // It takes its time to end.
    const job = await rig.agents.add('trap "" TERM; while :; do sleep 0.05; done');
    const worker = await rig.workerOf(job.id);
    const cancelled = rig.agents.supervisor.cancel(job.id);
    await rig.agents.reaches(job.id, 'stopping');
    expect((await worker.call('finish_job', { result: 'all of it' })).output as object).toMatchObject({
      finished: false,
      says: expect.stringContaining('is being ended'),
    });
    expect((await cancelled).state.kind).toBe('cancelled');
  });
});

test('what was reported is shown with the job, and asks for nothing', async () => {
  await using rig = await openTools();
  const worker = await rig.work();
  await worker.call('report_status', { status: ' Half of it. ' });
  const { jobs } = (await rig.operations.run('job.list')) as { jobs: JobView[] };
  expect(jobs).toMatchObject([{ id: worker.job.id, state: 'running', report: 'Half of it.' }]);
});

async function create(worker: Worker, input: object): Promise<JobView> {
  const answer = await worker.call('create_job', input);
  if (answer.isError) throw new Error(answer.text);
  return answer.output;
}

async function wait(worker: Worker, ...jobs: string[]): Promise<Waited> {
  const answer = await worker.call('wait_for_jobs', { jobs });
  if (answer.isError) throw new Error(answer.text);
  return answer.output;
}

/** The agent of a first job waits to be told to end; that of any other has done its part at once. */
function script({ agents: { folder } }: ToolRig, name: string): string {
  const path = join(folder, name);
  const isFirst = `[ -e "${folder}/first" ] || { : > "${folder}/first"; until [ -e "${folder}/end-$STINT_ATTEMPT" ]; do sleep 0.02; done; }\n`;
  writeFileSync(path, `${isFirst}${finish('the part is done')}`);
  return path;
}
