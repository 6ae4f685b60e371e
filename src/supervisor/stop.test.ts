import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../core/job/job.ts';
import { minuteMs, secondMs } from '../core/time.ts';
import { noStop, type StopSpec } from '../core/job/stop.ts';
import { noTokens } from '../core/spend/tokens.ts';
import type { Usage } from '../core/spend/usage.ts';
import { finish, openSupervisor, print, type SupervisorRig } from '../../test/supervisor-rig.ts';

const stop = (more: Partial<StopSpec>): { stop: StopSpec } => ({ stop: { ...noStop, ...more } });
const session = print({ kind: 'session', id: 's1' });
const usage = (more: Partial<Usage>): string =>
  print({ kind: 'usage', usage: { turns: 0, models: null, costUsd: null, ofConversation: false, ...more } });
const turns = (count: number): string => usage({ turns: count });
const cost = (costUsd: number): string => usage({ turns: 1, models: [], costUsd });
const forever = 'while :; do sleep 0.05; done\n';
/** The first attempt does one thing, each that goes on with its conversation another; what they are told is kept. */
const script = (first: string, then = finish('saved')): string =>
  `echo "$1 $2" >> $NOTES/tries; cat >> $NOTES/told; if [ "$1" = first ]; then\n${session}${first}else\n${then}fi`;
const triesOf = (rig: SupervisorRig): string[] => rig.read('tries').trim().split('\n');

describe('a job that meets a stop condition', () => {
  test('is ended, saves its work in the same conversation, and is done with both told', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(turns(1) + turns(3) + forever), stop({ turns: 3 }));
    const job = await rig.reaches(id, 'done', 'failed');
    expect(job).toMatchObject({
      state: { kind: 'done', result: 'It has reached its limit of 3 turns (3 taken).\n\nsaved' },
      stopped: { by: 'turns', at: rig.now },
      ...{ attempts: 2, spent: { turns: 3 } },
    });
    expect(triesOf(rig).map((line) => line.split(' ')[0])).toEqual(['first', 'resume']);
    expect(triesOf(rig)[1]).toBe('resume s1');
    expect(rig.read('told')).toEndWith(
      'You have to stop here, for your task has a limit. It has reached its limit of 3 turns (3 taken). Save your work now, ' +
        'in a few steps: commit it, or write down in a file where things are and what is left. Begin nothing new, and then ' +
        'end your turn.',
    );
    expect(rig.supervisor.why(job)).toContain('It was stopped 0s ago');
    expect(rig.bugs).toEqual([]);
  });

  test('while its question is open, because its agent works on, is warned and ended as any other', async () => {
    await using rig = await openSupervisor();
    const works = `until [ -e $NOTES/asked ]; do sleep 0.02; done\n${cost(0.9)}`;
    const { id } = await rig.add(
      script(`${works}until [ -e $NOTES/warned ]; do sleep 0.02; done\n${cost(1.5)}${forever}`),
      {
        ...stop({ budget: 1 }),
      },
    );
    await rig.reaches(id, 'running');
    await rig.hears('session');
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    await rig.supervisor.tell(id, { kind: 'asked', attempt, question: 'Which?' });
    writeFileSync(join(rig.folder, 'asked'), '');
    const warned = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    expect(warned).toMatchObject({ state: { kind: 'waiting' }, progress: { warned: [{ by: 'budget' }] } });
    writeFileSync(join(rig.folder, 'warned'), '');
    expect(await rig.reaches(id, 'done')).toMatchObject({ stopped: { by: 'budget' }, attempts: 2 });
  });

  test('frees those that depend on it in the same moment', async () => {
    await using rig = await openSupervisor();
    const first = await rig.add(script(cost(1.5) + forever), stop({ budget: 1 }));
    const second = await rig.add(finish('after it'), { dependsOn: [first.id] });
    expect((await rig.reaches(second.id, 'done')).state).toMatchObject({ result: 'after it' });
    expect(rig.supervisor.find(first.id)?.stopped).toMatchObject({ by: 'budget' });
  });

  test('but has said its last word is simply done', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(finish('all of it') + turns(3) + cost(9)), stop({ turns: 3, budget: 1 }));
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ state: { result: 'all of it' }, stopped: null, attempts: 1 },
    });
  });

  test('and finishes while it is being ended is simply done', async () => {
    await using rig = await openSupervisor();
    const bye = `bye() {\n${finish('just in time')}exit 0\n}\ntrap bye TERM\n`;
    const { id } = await rig.add(script(bye + turns(3) + forever), stop({ turns: 3 }));
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ state: { result: 'just in time' }, stopped: null, attempts: 1 },
    });
  });

  test('without a conversation to go on with is done at once, with what it said last', async () => {
    await using rig = await openSupervisor();
    const text = print({ kind: 'text', text: 'half of it' });
    const { id } = await rig.add(text + turns(2) + forever, stop({ turns: 2 }));
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ attempts: 1, stopped: { by: 'turns' } },
      state: { result: 'It has reached its limit of 2 turns (2 taken).\n\nhalf of it' },
    });
  });

  test('is not held up where nothing is open for the attempt that saves its work', async () => {
    await using rig = await openSupervisor(['a']);
    const { id } = await rig.add(script(forever), stop({ timeMs: minuteMs }));
    await rig.reaches(id, 'running');
    await rig.close('a', rig.now + 60 * minuteMs);
    rig.advance(minuteMs);
    expect(await rig.reaches(id, 'done', 'parked')).toMatchObject({ attempts: 1, stopped: { by: 'time' } });
  });

  test.each([
    ['fails', print({ kind: 'error', failure: 'task', detail: 'no', until: null })],
    ['crashes', 'exit 9\n'],
    [
      'meets a limit',
      print({
        kind: 'limited',
        waits: true,
        signal: { kind: 'closed', window: 'five_hour', family: null, overage: false, until: null, evidence: 'used up' },
      }) + forever,
    ],
  ])('is done also where the attempt that saves its work %s', async (_, then) => {
    await using rig = await openSupervisor();
    const said = print({ kind: 'text', text: 'half of it' });
    const { id } = await rig.add(script(said + turns(2) + forever, then), stop({ turns: 2 }));
    expect(
      await rig.reaches(id, 'done', 'failed', 'queued', 'parked').then(() => rig.reaches(id, 'done')),
    ).toMatchObject({
      attempts: 2,
      state: { result: 'It has reached its limit of 2 turns (2 taken).\n\nhalf of it' },
    });
  });

  test('has two minutes to save its work, also over a restart, and then is ended', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(
      script(turns(2) + forever, print({ kind: 'text', text: 'saving' }) + turns(50) + forever),
      stop({ turns: 2 }),
    );
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'running' && attempts === 2);
    rig.now += minuteMs;
    const saving = rig.hearsText('saving');
    await rig.restart();
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    await saving;
    rig.advance(minuteMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ attempts: 2, stopped: { by: 'turns' } },
      state: { result: 'It has reached its limit of 2 turns (2 taken).\n\nsaving' },
    });
    expect(rig.supervisor.attempt(id)?.outcome).toMatchObject({ kind: 'stopped' });
  });

  test('is cancelled when it is cancelled while it saves its work', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(turns(2) + forever, forever), stop({ turns: 2 }));
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'running' && attempts === 2);
    expect((await rig.supervisor.cancel(id)).state.kind).toBe('cancelled');
  });

  test('saves its work later where it is parked meanwhile', async () => {
    await using rig = await openSupervisor();
    const second = `case $STINT_ATTEMPT in *.2) while :; do sleep 0.05; done;; esac\n`;
    const { id } = await rig.add(script(turns(2) + forever, second + finish('saved')), stop({ turns: 2 }));
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'running' && attempts === 2);
    await rig.supervisor.park(id, 'lunch');
    await rig.supervisor.resume(id);
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 3, stopped: { by: 'turns' } });
    expect(rig.read('told')).toEndWith('and then end your turn.');
  });

  test('goes before others that wait for a place', async () => {
    await using rig = await openSupervisor();
    rig.places = 1;
    const { id } = await rig.add(script(forever), stop({ timeMs: minuteMs }));
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    const other = await rig.add(`echo other >> $NOTES/tries; ${finish()}`, { priority: 9 });
    rig.advance(minuteMs);
    await rig.reaches(other.id, 'done');
    expect(triesOf(rig).map((line) => line.split(' ')[0])).toEqual(['first', 'resume', 'other']);
  });

  test('gets its conditions afresh when it is retried, and what it has spent stays told', async () => {
    await using rig = await openSupervisor();
    const then = `if [ -e $NOTES/again ]; then\n${turns(4) + finish('all of it')}else\n${finish('saved')}fi\n`;
    const { id } = await rig.add(script(turns(5) + forever, then), stop({ turns: 5 }));
    expect((await rig.reaches(id, 'done')).progress.warned).toEqual([]);
    await Bun.write(`${rig.folder}/again`, '');
    await rig.supervisor.retry(id, false);
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ state: { result: 'all of it' }, stopped: null, spent: { turns: 9 } });
    expect(job.progress.counted.turns).toBe(4);
  });
});

describe('the user of a job', () => {
  test('is warned once of each condition that is nearly met, also over a restart', async () => {
    await using rig = await openSupervisor();
    const gate = 'while [ ! -e $NOTES/go ]; do sleep 0.05; done\n';
    const { id } = await rig.add(script(turns(8) + cost(0.9) + gate + finish('ok')), stop({ turns: 10, budget: 1 }));
    const warnedOf = (): string[] => (rig.supervisor.find(id)?.progress.warned ?? []).map(({ by }) => by);
    await rig.supervisor.until(id, ({ progress }) => progress.warned.some(({ by }) => by === 'budget'));
    expect(rig.supervisor.attempt(id)?.spent).toMatchObject({ costUsd: 0.9 });
    const before = warnedOf();
    await rig.restart();
    await Bun.write(`${rig.folder}/go`, '');
    const job = await rig.reaches(id, 'done');
    expect([warnedOf(), job.stopped]).toEqual([before, null]);
    expect(new Set(before).size).toBe(before.length);
  });

  test('is told once that the budget cannot be kept where a price is unknown', async () => {
    await using rig = await openSupervisor();
    const unknown = usage({ turns: 1, models: [{ ...noTokens, model: 'nobody-knows', inputTokens: 5 }] });
    const { id } = await rig.add(script(unknown + unknown + forever), stop({ budget: 1 }));
    const job = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    expect(job.progress.warned).toMatchObject([
      { by: 'price', detail: 'What it has cost is not known, so that its budget of $1.00 cannot be kept.' },
    ]);
    expect(rig.supervisor.spent(job).job).toMatchObject({ costUsd: null, inputTokens: 5 });
  });
});

describe('the time of a job', () => {
  test('counts while it runs, over attempts, and not while it is parked; its user is warned at 80 %', async () => {
    await using rig = await openSupervisor();
    const then = `if grep -q 'have to stop' $NOTES/told; then\n${finish('saved')}else\n${forever}fi\n`;
    const { id } = await rig.add(script(forever, then), stop({ timeMs: 100 * secondMs }));
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    rig.advance(30 * secondMs);
    await rig.supervisor.park(id, 'lunch');
    rig.advance(60 * minuteMs);
    expect(rig.supervisor.find(id)?.spent.runningMs).toBe(30 * secondMs);
    await rig.supervisor.resume(id);
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'running' && attempts === 2);
    rig.advance(49 * secondMs);
    expect(rig.supervisor.find(id)?.progress.warned).toEqual([]);
    rig.advance(secondMs);
    const warned = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    expect(warned.progress.warned).toMatchObject([{ by: 'time', at: rig.now }]);
    rig.advance(20 * secondMs);
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ stopped: { by: 'time' }, spent: { runningMs: 100 * secondMs }, attempts: 3 });
    expect(job.state).toMatchObject({
      result: 'It has reached its time of 1m 40s (1m 40s running).\n\nsaved',
    });
  });

  test('is over by itself for an agent that says nothing', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(forever), stop({ timeMs: 100 * secondMs }));
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    // The clock moves, and nobody tells the supervisor.
    rig.now += 100 * secondMs;
    await rig.add(finish());
    expect(await rig.reaches(id, 'done')).toMatchObject({ stopped: { by: 'time' } });
  });

  test('goes on while nothing supervises, and is over at the next start', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(forever), stop({ timeMs: 10 * minuteMs }));
    await rig.reaches(id, 'running');
    await rig.restart(() => Promise.resolve((rig.now += 10 * minuteMs)));
    expect(await rig.reaches(id, 'done')).toMatchObject({ stopped: { by: 'time' }, attempts: 2 });
  });
});

describe('what a job has spent', () => {
  const gate = 'while [ ! -e $NOTES/go ]; do sleep 0.05; done\n';
  const models = (inputTokens: number): Usage['models'] => [{ ...noTokens, model: 'claude-opus-4-8', inputTokens }];

  test('is told while it runs, and counts once though it is heard again after a restart', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(
      script(usage({ turns: 2, models: models(1_000_000) }) + print({ kind: 'turn-completed' }) + gate + finish('ok')),
      stop({ turns: 2000, budget: 6 }),
    );
    const running = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    const told = { turns: 2, inputTokens: 1_000_000, costUsd: 5 };
    expect(rig.supervisor.spent(running)).toMatchObject({ job: told, attempt: told });
    rig.now += secondMs;
    await rig.restart();
    await Bun.write(`${rig.folder}/go`, '');
    const job = await rig.reaches(id, 'done');
    const expected = { turns: 2, inputTokens: 1_000_000, costUsd: 5, runningMs: secondMs };
    expect([job.spent, rig.supervisor.spent(job).job]).toMatchObject([expected, expected]);
    expect(rig.supervisor.attempt(id)?.spent).toMatchObject(expected);
  });

  test('is added up over attempts, and stops it before another one starts', async () => {
    await using rig = await openSupervisor();
    const again = usage({ turns: 1, models: models(400_000) });
    const { id } = await rig.add(
      `echo "$1" >> $NOTES/tries; cat >> $NOTES/told; ${session}if grep -q 'have to stop' $NOTES/told; then\n${finish('saved')}else\n${again}exit 9\nfi`,
      stop({ budget: 4 }),
    );
    await rig.supervisor.until(id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
    rig.advance(30 * secondMs);
    const job = await rig.reaches(id, 'done', 'failed');
    // The one that saved its work did not tell what that cost.
    expect(job).toMatchObject({ stopped: { by: 'budget' }, spent: { costUsd: null, leastUsd: 4 }, attempts: 3 });
    expect(triesOf(rig)).toEqual(['first', 'resume', 'resume']);
  });

  test('in a conversation whose agent tells the whole of it, counts once', async () => {
    await using rig = await openSupervisor();
    const whole = (input: number): string => usage({ turns: 1, models: models(input), ofConversation: true });
    const { id } = await rig.add(
      `${session}if [ "$1" = first ]; then\n${whole(1000)}exit 9\nelse\n${whole(1500) + finish()}fi`,
    );
    await rig.supervisor.until(id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
    rig.advance(30 * secondMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ spent: { inputTokens: 1500, turns: 2 }, attempts: 2 });
    expect(rig.supervisor.attempt(id)?.spent.inputTokens).toBe(500);
  });

  test('is not known of an agent that has not told it, while it runs and for good', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(script(print({ kind: 'text', text: 'begun' }) + gate + finish('ok')));
    await rig.hears('text');
    const running = rig.supervisor.find(id) as Job;
    expect(rig.supervisor.spent(running)).toMatchObject({ job: { costUsd: null }, attempt: { costUsd: null } });
    await Bun.write(`${rig.folder}/go`, '');
    const job = await rig.reaches(id, 'done');
    expect([job.spent.costUsd, rig.supervisor.spent(job).job.costUsd]).toEqual([null, null]);
  });

  test('is nothing where it was turned away at once, and where it never started', async () => {
    await using rig = await openSupervisor();
    const limit = print({ kind: 'error', failure: 'auth', detail: 'logged out', until: null });
    const { id } = await rig.add(`${session}[ "$1" = first ] && {\n${limit}exit 1; }\n${cost(0.25) + finish()}`);
    expect(await rig.reaches(id, 'done')).toMatchObject({ spent: { costUsd: 0.25 }, attempts: 2 });
    const none = await rig.add(finish(), { directory: '/no/such/folder' });
    const blocked = await rig.reaches(none.id, 'blocked');
    expect(rig.supervisor.spent(blocked)).toMatchObject({ job: { costUsd: 0 }, attempt: { costUsd: 0 } });
  });

  test('is made up for by an agent that tells the whole of a conversation, and until then not known', async () => {
    await using rig = await openSupervisor();
    const whole = (told: Usage['models']): string => usage({ turns: 1, models: told, ofConversation: true });
    const { id } = await rig.add(
      `${session}if [ "$1" = first ]; then\n${whole(null)}exit 9\nelse\n${whole(models(400_000)) + finish()}fi`,
      stop({ budget: 9 }),
    );
    const queued = await rig.supervisor.until(id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
    expect(rig.supervisor.spent(queued)).toMatchObject({ job: { costUsd: null }, attempt: { costUsd: null } });
    rig.advance(30 * secondMs);
    const job = await rig.reaches(id, 'done');
    expect(rig.supervisor.spent(job).job).toMatchObject({ costUsd: 2, inputTokens: 400_000 });
    expect(job.progress.warned).toEqual([]);
  });
});

test('what was not told stays unknown where the conversation was turned away when it was gone on with', async () => {
  await using rig = await openSupervisor();
  const untold = usage({ turns: 1, ofConversation: true });
  const limit = print({ kind: 'error', failure: 'auth', detail: 'logged out', until: null });
  const { id } = await rig.add(
    `${session}if [ "$1" = first ]; then\n${untold}exit 9\nelse\n${limit}exit 1\nfi`,
    stop({ budget: 9 }),
  );
  await rig.supervisor.until(id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
  rig.advance(30 * secondMs);
  const job = await rig.supervisor.until(id, ({ state, attempts }) => attempts > 1 && !('attempt' in state));
  expect(rig.supervisor.spent(job).job).toMatchObject({ costUsd: null, turns: 1 });
});

describe('a job that is done only when its agent says so', () => {
  test('is gone on with in its conversation, and told why', async () => {
    await using rig = await openSupervisor();
    const third = `case $STINT_ATTEMPT in *.3)\n${turns(8)}${forever};;\nesac\n${finish('again')}`;
    const { id } = await rig.add(script(finish('I think so'), third), stop({ completion: true, turns: 10 }));
    const job = await rig.supervisor.until(id, ({ progress }) => progress.warned.length > 0);
    expect(job).toMatchObject({ attempts: 3, progress: { continued: 2 } });
    expect(triesOf(rig)).toEqual([expect.stringMatching(/^first /) as string, 'resume s1', 'resume s1']);
    expect(rig.read('told')).toContain(
      'You ended your turn without finish_job: go on with the task; when all of it is done, call finish_job of the stint-job ' +
        'MCP server with a summary.',
    );
  });
});
