import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openJobOperations, type JobRig } from '../../test/job-rig.ts';
import { finish, print } from '../../test/supervisor-rig.ts';
import type { JobId } from '../core/ids.ts';
import type { JobView } from './job-view.ts';
import { execute } from './operation.ts';
import { jobAdd } from './job.ts';

const secret = 'sk-test-0123456789abcdef';
let rig: JobRig;

beforeAll(async () => {
  rig = await openJobOperations();
  await rig.operations.add('work');
  await rig.operations.run('account.add', {
    ...{ provider: 'openai', label: 'plan', secret: 'sk-test-openai-0123456789' },
  });
});

afterAll(() => rig[Symbol.asyncDispose]());

const wish = { prompt: 'Fix the tests.\nAll of them.', directory: '/tmp' };
const run = (name: string, input: object): Promise<unknown> => rig.operations.run(name, input);
/** One that waits for tomorrow. */
const add = async (more: object = {}): Promise<JobView> =>
  (await run('job.add', { ...wish, scheduleAt: String(rig.operations.now + 86_400_000), ...more })) as JobView;

describe('job.add', () => {
  test('accepts a job with all that it leaves open filled in', async () => {
    const { id, ...job } = await add();
    expect(id).toMatch(/^[a-z0-9]{10}$/);
    expect(job).toMatchObject({
      ...{ title: 'Fix the tests.', state: 'queued', agent: 'claude', model: null, pool: null, directory: '/tmp' },
      ...{ priority: 0, dependsOn: [], repeat: null, session: null, attempts: 0, attempt: null, result: null },
      why: expect.stringMatching(/^It is scheduled and starts .+\.$/) as string,
    });
  });

  test('takes the name of a model without the blanks around it', async () => {
    expect(await add({ model: ' opus ' })).toMatchObject({ model: 'opus' });
  });

  test('takes all there is to say of a job', async () => {
    const first = await add();
    const job = await add({
      ...{
        agent: 'Codex',
        model: 'gpt-5',
        pool: 'openai',
        title: 'Mine',
        priority: 3,
        dependsOn: [first.id, first.id],
      },
      ...{ repeat: 3600, models: ['gpt-5-mini'], fallbackAgents: ['claude'], environment: { CI: '1' }, nice: 5 },
    });
    expect(job).toMatchObject({
      ...{ agent: 'codex', model: 'gpt-5', pool: 'openai', title: 'Mine', priority: 3, dependsOn: [first.id] },
      repeat: 3600,
    });
  });

  test('may run on a terminal, where somebody talks with its agent', async () => {
    expect(await add()).toMatchObject({ transport: 'pipe', interactive: false });
    expect(await add({ transport: 'pty', interactive: true })).toMatchObject({ transport: 'pty', interactive: true });
  });

  const past = '2020-01-01T00:00:00Z';
  test.each<[string, object, string, string, RegExp | null]>([
    [
      'talk without a terminal',
      { interactive: true },
      'invalid',
      'A job that you want to talk with needs a terminal.',
      /tmux/,
    ],
    [
      'talk with one that goes on by itself',
      { transport: 'pty', interactive: true, completion: true },
      'invalid',
      'A job that you talk with waits for you when a turn ends, and with completion it would go on by itself.',
      /^Leave out interactive, or completion\.$/,
    ],
    [
      'an agent without one',
      { agent: 'codex', transport: 'pty' },
      'invalid',
      'codex cannot run on a terminal.',
      /transport/,
    ],
    ['an unknown agent', { agent: 'nobody' }, 'invalid', '"nobody" is not an agent that Stint knows.', /claude, codex/],
    ['an unknown other agent', { fallbackAgents: ['nobody'] }, 'invalid', '"nobody" is not an agent', /claude, codex/],
    ['an unknown pool', { pool: 'nobody' }, 'not_found', 'There is no pool "nobody".', /stint pool list/],
    ['another provider’s pool', { pool: 'openai' }, 'invalid', 'Pool openai is of openai; claude needs', /pool list/],
    ['an unknown job before it', { dependsOn: ['zzzz'] }, 'not_found', 'There is no job "zzzz".', /stint job list/],
    [
      'a folder that is relative',
      { directory: 'src' },
      'invalid',
      'directory must be an absolute path.',
      /--directory/,
    ],
    ['no prompt', { prompt: '' }, 'invalid', 'prompt is empty.', null],
    ['a blank prompt', { prompt: ' \n' }, 'invalid', 'prompt must be more than blanks.', null],
    ['a blank title', { title: ' ' }, 'invalid', 'title must be more than blanks.', null],
    ['no title', { title: '' }, 'invalid', 'title is empty.', null],
    ['no model', { model: '' }, 'invalid', 'model is empty.', null],
    ['a blank model', { model: '   ' }, 'invalid', 'model is empty.', null],
    ['an option as a model', { model: ' --yes' }, 'invalid', 'model must be named without a - at the beginning.', null],
    ['no other model', { models: ['opus', ''] }, 'invalid', 'models is empty.', null],
    ['an option as another model', { models: ['-p'] }, 'invalid', 'models must be named without a -', null],
    ['no time', { scheduleAt: 'soon' }, 'invalid', '"soon" is no time.', /2026-11-23T07:00:00Z/],
    ['a time in the past', { scheduleAt: past }, 'invalid', 'scheduleAt is in the past: 2020-01-01', /Leave it out/],
    ['a name that no variable has', { environment: { 'A-B': 'x' } }, 'invalid', 'environment must be names', null],
    ['a variable that is no text', { environment: { A: 1 } }, 'invalid', 'environment must be names', null],
    ['a niceness that is none', { nice: 20 }, 'invalid', 'nice must be a whole number from 0 to 19.', null],
    ['no turn at all', { turns: 0 }, 'invalid', 'turns must be a whole number from 1 to 100000.', null],
    ['half a turn', { turns: 1.5 }, 'invalid', 'turns must be a whole number from 1 to 100000.', null],
    ['a budget of nothing', { budget: 0 }, 'invalid', 'budget must be a number from 0.01 to 100000.', null],
    ['a time of nothing', { time: 0 }, 'invalid', 'time must be a whole number from 1 to 31536000.', null],
    ['a completion that is a word', { completion: 'x' }, 'invalid', 'completion must be true or false.', null],
    ['a repetition of seconds', { repeat: 5 }, 'invalid', 'repeat must be a whole number from 60', null],
    [
      'what no program can be given',
      { environment: { NAME: 'a\0b' } },
      'invalid',
      'NAME holds a NUL character, which no program can be given.',
      null,
    ],
    [
      'a secret for all to see',
      { args: ['--key', secret] },
      'invalid',
      'One of args looks like a secret',
      /environment/,
    ],
    ['a field of nobody', { promt: 'x' }, 'invalid', 'job.add has no field promt.', /It takes: prompt, directory/],
  ])('refuses %s and says what to do', async (...[, more, code, says, hint]) => {
    const before = rig.agents.supervisor.all().length;
    const error = await run('job.add', { ...wish, ...more }).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) as string });
    if (hint !== null) expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string });
    expect(rig.agents.supervisor.all()).toHaveLength(before);
  });

  test('counts the times of one that repeats from the past as well', async () => {
    const job = await add({ scheduleAt: past, repeat: 86_400 });
    expect(job.scheduleAt).toBe(Date.parse(past));
    await run('job.cancel', { job: job.id });
  });

  test('takes stop conditions, shows them with what was spent, and warns of what cannot be kept', async () => {
    const job = await add({ turns: 40, budget: 2.5, time: 5400, completion: true, model: 'nobody-knows' });
    expect(job).toMatchObject({
      ...{ stop: { turns: 40, budget: 2.5, time: 5400, completion: true }, stopped: null },
      spent: { turns: 0, inputTokens: 0, outputTokens: 0, cost: 0, time: 0 },
      warnings: [expect.stringContaining('Stint has no price for nobody-knows') as string],
    });
    expect(await add()).toMatchObject({ stop: null, warnings: [] });
  });

  test('refuses to wait for what will never be done', async () => {
    const [cancelled, failing] = [
      await add(),
      await add({
        scheduleAt: undefined,
        args: [rig.script(print({ kind: 'error', failure: 'task', detail: 'no', until: null }))],
      }),
    ];
    await run('job.cancel', { job: cancelled.id });
    await rig.agents.reaches(failing.id as JobId, 'failed');
    for (const [id, was] of [
      [cancelled.id, 'was cancelled'],
      [failing.id, 'has failed'],
    ] as const) {
      await expect(add({ dependsOn: [id] })).rejects.toMatchObject({
        ...{ code: 'conflict', message: `Job ${id} ${was}: what depends on it would never start.` },
        hint: `Let it go on first: stint job retry ${id}`,
      });
    }
  });

  test('gives the same job for the same key, whatever became of the first answer', async () => {
    const key = crypto.randomUUID();
    const before = rig.agents.supervisor.all().length;
    const answers = await Promise.all([add({ key }), add({ key }), add({ key, agent: ' Claude ' })]);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(rig.agents.supervisor.all()).toHaveLength(before + 1);
    await run('job.cancel', { job: answers[0]?.id ?? '' });
    // A time that has come meanwhile is no reason for a second one.
    expect(await add({ key, scheduleAt: past })).toMatchObject({ id: answers[0]?.id, state: 'cancelled' });
    await expect(add({ key, prompt: 'Something else.' })).rejects.toMatchObject({
      ...{ code: 'conflict', message: `Key "${key}" is of job ${answers[0]?.id}, which was asked for otherwise.` },
    });
  });

  test('finds the job of a key after a restart', async () => {
    const key = crypto.randomUUID();
    const { id } = await add({ key });
    await rig.agents.restart();
    expect((await add({ key })).id).toBe(id);
  });

  test.each(['mcp', 'telegram'] as const)('takes no secret for the environment over %s', async (surface) => {
    const context = { ...rig.operations.context, caller: { surface, actor: 'test', scope: 'full' as const } };
    const input = { ...wish, environment: { PLAIN: 'x', API_KEY: secret } };
    const error = await execute(jobAdd, input, context).catch((problem: unknown) => problem);
    expect(error).toMatchObject({
      ...{
        code: 'invalid',
        message: 'The value of API_KEY looks like a secret, which must not pass a chat or a model.',
      },
      hint: 'Add this job on the computer, in a terminal.',
    });
    const plain = { ...wish, scheduleAt: '2099-01-01T00:00:00Z', environment: { PLAIN: 'x' }, args: ['-v'] };
    expect(await execute(jobAdd, plain, context)).toMatchObject({ state: 'queued' });
  });
});

describe('a job is named', () => {
  test('by its id, or a beginning of it that no other has', async () => {
    const job = await add();
    for (const name of [job.id, job.id.toUpperCase(), job.id.slice(0, 9), ` ${job.id} `])
      expect(await run('job.show', { job: name })).toMatchObject({ id: job.id });
  });

  test('not by a beginning that several have, nor by nothing', async () => {
    for (let more = 0; more < 37; more += 1) await add();
    const beginnings = rig.agents.supervisor.all().map(({ id }) => id.slice(0, 1));
    const twice = beginnings.find((each, place) => beginnings.indexOf(each) !== place) ?? '';
    const count = beginnings.filter((each) => each === twice).length;
    await expect(run('job.show', { job: twice })).rejects.toMatchObject({
      ...{ code: 'conflict', message: `"${twice}" is the beginning of ${count} jobs.`, hint: 'Give more of its id.' },
    });
    await expect(run('job.show', { job: ' ' })).rejects.toMatchObject({ code: 'not_found' });
  });

  test.each(['show', 'logs', 'cancel', 'park', 'resume', 'retry', 'answer'])('for job.%s as well', async (verb) => {
    await expect(
      run(`job.${verb}`, { job: 'nobody', ...(verb === 'answer' ? { answer: 'yes' } : {}) }),
    ).rejects.toMatchObject({ code: 'not_found', message: 'There is no job "nobody".', hint: 'See: stint job list' });
  });
});

describe('job.list', () => {
  test('has the latest first, and those of a state', async () => {
    rig.agents.now += 1000;
    const latest = await add();
    await run('job.park', { job: latest.id, reason: 'lunch' });
    expect(await run('job.list', { count: 1 })).toMatchObject({ jobs: [{ id: latest.id }] });
    const { jobs } = (await run('job.list', { state: 'parked' })) as { jobs: JobView[] };
    expect(jobs).toMatchObject([{ id: latest.id, why: expect.stringContaining('You parked it: lunch.') as string }]);
    await expect(run('job.list', { state: 'lost' })).rejects.toMatchObject({ code: 'invalid' });
  });
});

test('job.list has the beginning of a result, and job.show all of it', async () => {
  const text = 'word '.repeat(200).trim();
  const { id } = await add({ scheduleAt: undefined, args: [rig.script(finish(text))] });
  await rig.agents.reaches(id as JobId, 'done');
  const { jobs } = (await run('job.list', { state: 'done' })) as { jobs: JobView[] };
  expect(jobs.find((each) => each.id === id)?.result).toBe(`${text.slice(0, 299)}…`);
  expect(((await run('job.show', { job: id })) as JobView).result).toBe(text);
});

describe('what a person does with a job', () => {
  test('parks, goes on, cancels and tries again', async () => {
    const { id } = await add();
    expect(await run('job.park', { job: id })).toMatchObject({ state: 'parked', dueAt: null });
    expect(await run('job.resume', { job: id })).toMatchObject({ state: 'queued' });
    expect(await run('job.cancel', { job: id })).toMatchObject({ state: 'cancelled' });
    await expect(run('job.cancel', { job: id })).rejects.toMatchObject({
      code: 'conflict',
      hint: `See: stint job show ${id}`,
    });
    expect(await run('job.retry', { job: id })).toMatchObject({ state: 'queued' });
    await expect(run('job.answer', { job: id, answer: 'yes' })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('answers with more than blanks', async () => {
    const { id } = await add();
    const blank = run('job.answer', { job: id, answer: ' \n' });
    await expect(blank).rejects.toMatchObject({ code: 'invalid', message: 'answer must be more than blanks.' });
  });

  test('is a record of the audit trail, without what was said', async () => {
    const { id } = await add({ prompt: `The password is ${secret}.` });
    await run('job.answer', { job: id, answer: `It is ${secret}.` }).catch(() => undefined);
    const [added, answered] = rig.operations.audit.slice(-2);
    expect(added).toMatchObject({ kind: 'job.add', subject: 'claude', detail: '/tmp', outcome: 'done', actor: 'test' });
    expect(answered).toMatchObject({ kind: 'job.answer', subject: id, outcome: 'conflict' });
  });

  test('does not hold up what others do meanwhile', async () => {
    const script = rig.script(`trap '' TERM\n${print({ kind: 'text', text: 'on it' })}while :; do sleep 0.05; done`);
    const { id } = await add({ scheduleAt: undefined, args: [script] });
    await rig.agents.reaches(id as JobId, 'running');
    const order: string[] = [];
    const cancelled = run('job.cancel', { job: id }).then(() => order.push('cancelled'));
    await run('account.disable', { account: 'work' }).then(() => order.push('disabled'));
    await cancelled;
    expect(order).toEqual(['disabled', 'cancelled']);
  });
});

test('a secret of the environment reaches the agent and is in no answer, log or record', async () => {
  const script = rig.script(
    `printf '{"kind":"text","text":"the key is %s"}\\n' "$API_KEY"\nprintf '{"kind":"turn-completed"}\\n{"kind":"result","text":"used %s"}\\n' "$API_KEY"`,
  );
  const title = `Use ${secret}`;
  const { id } = await add({ title, scheduleAt: undefined, args: [script], environment: { API_KEY: secret, CI: '1' } });
  const job = await rig.agents.reaches(id as JobId, 'done');
  expect(job.state).toMatchObject({ result: `used ${secret}` });
  const shown = [await run('job.show', { job: id }), await run('job.list', {}), await run('job.logs', { job: id })];
  expect(shown[0]).toMatchObject({ result: 'used …', title: 'Use sk-…' });
  expect(shown[2]).toContainEqual({ attempt: 1, kind: 'text', text: 'the key is …' });
  expect(JSON.stringify([shown, rig.operations.audit])).not.toContain(secret);
});

test('job.show tells by what a job was stopped, and what it has spent', async () => {
  const spent = { turns: 2, models: [], costUsd: 0.123_456_78, ofConversation: false };
  const script = `${print({ kind: 'usage', usage: spent })}while :; do sleep 0.05; done`;
  const { id } = await add({ scheduleAt: undefined, turns: 2, args: [rig.script(script)] });
  await rig.agents.reaches(id as JobId, 'done');
  expect(await run('job.show', { job: id })).toMatchObject({
    ...{ state: 'done', result: 'It has reached its limit of 2 turns (2 taken).' },
    stopped: { by: 'turns', detail: 'It has reached its limit of 2 turns (2 taken).' },
    spent: { turns: 2, cost: 0.123457 },
  });
});

test('job.logs has what the agents of all attempts said, in their order', async () => {
  const { id } = await add({
    scheduleAt: undefined,
    args: [rig.script(print({ kind: 'text', text: 'hi' }) + finish('there'))],
  });
  await rig.agents.reaches(id as JobId, 'done');
  expect(await run('job.logs', { job: id })).toEqual([
    { attempt: 1, kind: 'text', text: 'hi' },
    { attempt: 1, kind: 'result', text: 'there' },
  ]);
});
