import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openJobOperations, type JobRig } from '../../test/job-rig.ts';
import { print } from '../../test/supervisor-rig.ts';
import type { JobId } from '../core/ids.ts';
import { hourMs } from '../core/time.ts';
import type { JobView } from './job-view.ts';
import type { ResolvedView } from './model.ts';

let rig: JobRig;

beforeAll(async () => {
  rig = await openJobOperations();
  await rig.operations.add('work');
});

afterAll(() => rig[Symbol.asyncDispose]());

const run = (input: object): Promise<ResolvedView> =>
  rig.operations.run('model.resolve', input) as Promise<ResolvedView>;
const close = async (family: string): Promise<void> => {
  for (const label of ['a', 'b']) await rig.agents.close(label, rig.agents.now + hourMs, family);
};

const add = async (more: object): Promise<JobId> =>
  ((await rig.operations.run('job.add', { prompt: 'x', directory: '/tmp', ...more })) as JobView).id as JobId;

describe('model.resolve', () => {
  test('says what would run where all is open, and what is not needed', async () => {
    expect(await run({ model: 'opus' })).toEqual({
      job: null,
      runs: { agent: 'claude', pool: 'anthropic', model: 'opus', account: null },
      ...{ isPreferred: true, until: null },
      rungs: [
        ...[['opus', 'taken', 'is open'] as const],
        ...(['sonnet', 'haiku'] as const).map((model) => [model, 'not-needed', 'is not needed'] as const),
      ].map(([model, verdict, says]) => ({
        ...{ agent: 'claude', pool: 'anthropic', model, verdict, until: null, skipped: [] },
        sentence: `${model} of claude (pool anthropic) ${says}.`,
      })),
      sentence: 'It would run on opus of claude (pool anthropic) now, which is what it prefers.',
    });
  });

  test.each([{ model: ' ' }, { model: '--yes' }, { models: [''] }])('refuses %p, which is no model', async (wish) => {
    await expect(run(wish)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('takes the models and agents that a job may go on with', async () => {
    const { rungs } = await run({ model: 'opus', models: ['haiku'], fallbackAgents: ['gemini'] });
    expect(rungs.map(({ agent, model }) => `${agent} ${model}`)).toEqual([
      ...['claude opus', 'claude haiku', 'gemini opus', 'gemini sonnet', 'gemini haiku'],
    ]);
  });

  test('says of a job why it is not on what it prefers, and until when', async () => {
    await close('opus');
    const { id } = (await rig.operations.run('job.add', {
      ...{ prompt: 'x', directory: '/tmp', model: 'opus', scheduleAt: String(rig.operations.now + 86_400_000) },
    })) as JobView;
    const told = await run({ job: id.slice(0, 6) });
    expect(told).toMatchObject({
      ...{ job: id, runs: { model: 'sonnet' }, isPreferred: false },
      rungs: [{ verdict: 'skipped', until: rig.agents.now + hourMs }, { verdict: 'taken' }, { verdict: 'not-needed' }],
      sentence: expect.stringMatching(
        /^Job \w+ would run on sonnet of claude \(pool anthropic\) now, which is the best that is open\. It is scheduled and starts .+\.$/,
      ) as string,
    });
    expect(told.rungs[0]?.sentence).toMatch(
      /^opus of claude \(pool anthropic\) is passed over: anthropic\/a is closed \(five_hour\), opens .+\. anthropic\/b is closed/,
    );
  });

  test('says of a job that asks that it would ask first', async () => {
    const job = await add({ model: 'opus', asks: true, scheduleAt: String(rig.operations.now + 86_400_000) });
    const told = await run({ job });
    expect(told).toMatchObject({ runs: null, isPreferred: false, until: null });
    expect(told.sentence).toBe(
      `Job ${job} runs on nothing now. It would ask you first: What it prefers is closed. It can go on with sonnet of claude. Shall it go on?`,
    );
    expect(told.rungs.map(({ verdict }) => verdict)).toEqual(['skipped', 'not-needed', 'not-needed']);
  });

  test('says of a job that met a limit where something looks open when it is tried there again', async () => {
    const limited = print({
      kind: 'limited',
      signal: { kind: 'closed', window: 'quota', family: null, overage: false, until: null, evidence: 'used up' },
      waits: false,
    });
    const job = await add({ model: 'haiku', models: [], args: [rig.script(`${limited}exit 1`)] });
    const { restarts } = await rig.agents.supervisor.until(
      job,
      (each) => each.restarts.againAt !== undefined && each.state.kind === 'queued',
    );
    const until = restarts.againAt as number;
    const told = await run({ job });
    expect(told).toMatchObject({ runs: null, isPreferred: false, until, rungs: [{ verdict: 'skipped', until }] });
    expect(told.sentence).toStartWith(
      `Job ${job} runs on nothing now. It met a limit where something looked open, and is tried there again in `,
    );
    expect(told.rungs[0]?.sentence).toBe('haiku of claude (pool anthropic) looks open, and met a limit.');
    await rig.agents.supervisor.cancel(job);
  });

  test('says of a job that is parked or has ended that it runs on nothing, and why', async () => {
    const job = await add({ scheduleAt: String(rig.operations.now + 86_400_000) });
    await rig.agents.supervisor.park(job, 'not today');
    expect(await run({ job })).toMatchObject({
      ...{ runs: null, isPreferred: false, until: null },
      sentence: `Job ${job} runs on nothing now. You parked it: not today. Go on with: stint job resume ${job}`,
    });
    await rig.agents.supervisor.cancel(job);
    const told = await run({ job });
    expect(told.runs).toBeNull();
    expect(told.sentence).toStartWith(`Job ${job} runs on nothing now. It was cancelled`);
  });

  test('says when the first opens where nothing is open', async () => {
    for (const family of ['opus', 'sonnet', 'haiku']) await close(family);
    const told = await run({ model: 'opus' });
    expect(told).toMatchObject({ runs: null, isPreferred: false, until: rig.agents.now + hourMs });
    expect(told.sentence).toStartWith('It would run on nothing now: all is closed, and the first may open');
  });

  test.each<[object, string]>([
    [{ agent: 'nobody' }, '"nobody" is not an agent that Stint knows.'],
    [{ pool: 'nowhere' }, 'There is no pool "nowhere".'],
    [{ job: 'zzzz' }, 'There is no job "zzzz".'],
    [{ job: 'zzzz', model: 'opus' }, 'Give a job, or an agent with its model and pool, not both.'],
  ])('refuses %j', async (input, message) => {
    expect(run(input)).rejects.toThrow(message);
  });
});
