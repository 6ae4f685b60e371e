import { describe, expect, test } from 'bun:test';
import { openTools, type ToolRig, type Worker } from '../../test/tool-rig.ts';
import { noticeIds } from '../../test/notice-ids.ts';

const question = 'Which of the two?';
const unanswered = { answered: false, answer: null, says: expect.stringContaining('exactly the same question') };
const answered = { answered: true, answer: 'The second.', says: null };

describe('ask_user', () => {
  test('waits for the person, whatever surface they answer on, and the job goes on', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const asking = ask(worker);
    expect((await rig.agents.reaches(worker.job.id, 'waiting')).state).toMatchObject({
      question,
      attempt: worker.attempt,
    });
    await rig.operations.run('job.answer', { job: worker.job.id, answer: 'The second.' });
    expect(await asking).toEqual(answered);
    expect(rig.agents.supervisor.find(worker.job.id)).toMatchObject({
      state: { kind: 'running' },
      asked: [{ isTold: true }],
    });
  });

  test('returns in time without an answer, and the same question waits on without being asked twice', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    expect(await ask(worker)).toEqual(unanswered);
    const before = noticeIds(rig.agents);
    rig.agents.now += 1000;
    expect(await ask(worker)).toEqual(unanswered);
    expect(noticeIds(rig.agents)).toEqual(before);
    await answer(rig, worker);
    expect(await ask(worker)).toEqual(answered);
    expect(await ask(worker)).toEqual(answered);
  });

  test('that only waited is no turn of its agent’s work, and two at once are one', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    const idle = () => rig.agents.supervisor.attempt(worker.job.id)?.idle?.turns;
    await ask(worker);
    rig.agents.now += 1000;
    const both = [ask(worker), ask(worker)];
    rig.agents.now += 1000;
    await Promise.all(both);
    expect(idle()).toBe(2);
    await rig.restart();
    rig.agents.now += 1000;
    await ask(worker);
    await answer(rig, worker);
    await ask(worker);
    expect(idle()).toBe(3);
  });

  test('that waited beside other work is a turn of that', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    for (const file of ['a', 'b', 'c']) {
      rig.agents.now += 1000;
      await Promise.all([worker.call('lock_files', { files: [file] }), ask(worker)]);
    }
    expect(rig.agents.supervisor.attempt(worker.job.id)?.idle?.turns).toBe(0);
  });

  test('refuses another question while one is open, and quotes that', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    await ask(worker);
    const other = await worker.call('ask_user', { question: 'And where?' });
    expect([other.isError, other.text]).toEqual([
      true,
      expect.stringContaining(`Another question is open: ${question}`),
    ]);
  });

  test('finds its question again after a restart of the daemon', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const asking = ask(worker);
    await rig.agents.reaches(worker.job.id, 'waiting');
    const before = noticeIds(rig.agents);
    await rig.restart();
    expect(await asking).toEqual(unanswered);
    const again = ask(worker);
    expect(noticeIds(rig.agents)).toEqual(before);
    await answer(rig, worker);
    expect(await again).toEqual(answered);
  });

  test('finds its question again after its agent was stopped, and tells people of it once', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    await ask(worker);
    const before = noticeIds(rig.agents);
    await rig.agents.supervisor.park(worker.job.id, 'not now');
    rig.agents.now += 60_000;
    await rig.agents.supervisor.resume(worker.job.id);
    const next = await rig.workerOf(worker.job.id);
    expect(await ask(next)).toEqual(unanswered);
    expect(noticeIds(rig.agents)).toEqual(before);
    await answer(rig, worker);
    expect(await ask(next)).toEqual(answered);
  });

  test('is still to be answered when its agent has died, and the next one is told the answer', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const job = await rig.agents.add(
      'if [ "$1" = first ] && [ ! -e "$NOTES/died" ]; then : > "$NOTES/died"; until [ -e "$NOTES/die" ]; do sleep 0.02; done; exit 1; fi\ncat > "$NOTES/told"\nexec sleep 60',
    );
    const worker = await rig.workerOf(job.id);
    await ask(worker);
    const before = noticeIds(rig.agents);
    await Bun.write(`${rig.agents.folder}/die`, '');
    const left = await rig.agents.supervisor.until(
      job.id,
      ({ state }) => state.kind === 'waiting' && state.attempt === null,
    );
    expect(left.state).toMatchObject({ question });
    expect(noticeIds(rig.agents)).toEqual(before);
    await answer(rig, worker);
    const next = await rig.workerOf(job.id);
    expect(next.attempt).toEndWith('.2');
    // By this the agent has been told, and the tool says the same.
    expect(await ask(next)).toEqual(answered);
    expect(await Bun.file(`${rig.agents.folder}/attempts/${next.attempt}/prompt`).text()).toContain('The second.');
  });

  test('may be left open by the end of a turn: the job waits without a process, and goes on with the answer', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    await ask(worker);
    const left = await rig.end(worker.job.id);
    expect(left.state).toMatchObject({ kind: 'waiting', attempt: null, question });
    expect(await rig.operations.run('job.show', { job: left.id })).toMatchObject({ question });
    await answer(rig, worker);
    const next = await rig.workerOf(worker.job.id);
    const prompt = await Bun.file(`${rig.agents.folder}/attempts/${next.attempt}/prompt`).text();
    expect(prompt).toContain(`You asked: ${question}`);
    expect(prompt.match(/The second\./g)).toHaveLength(1);
    expect(await rig.end(worker.job.id)).toMatchObject({ state: { kind: 'done', result: 'the agent’s own words' } });
  });

  test('is answered while its job is parked, and the agent is told when it goes on', async () => {
    await using rig = await openTools({ waitMs: 50 });
    const worker = await rig.work();
    await ask(worker);
    await rig.agents.supervisor.park(worker.job.id, 'not now');
    expect(await rig.operations.run('job.show', { job: worker.job.id })).toMatchObject({ state: 'parked', question });
    const answered = await rig.operations.run('job.answer', { job: worker.job.id, answer: 'The second.' });
    expect(answered).toMatchObject({ state: 'parked', question: null });
    await rig.agents.supervisor.resume(worker.job.id);
    const next = await rig.workerOf(worker.job.id);
    expect(await Bun.file(`${rig.agents.folder}/attempts/${next.attempt}/prompt`).text()).toContain('The second.');
  });

  test('takes no place while it is open', async () => {
    await using rig = await openTools({ waitMs: 50 });
    rig.agents.places = 1;
    const worker = await rig.work();
    await ask(worker);
    await rig.work();
    await answer(rig, worker);
    expect(await ask(worker)).toEqual(answered);
  });

  test('two calls at once ask one question, and both get the answer', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const both = [ask(worker), ask(worker)];
    await rig.agents.reaches(worker.job.id, 'waiting');
    await answer(rig, worker);
    expect(await Promise.all(both)).toEqual([answered, answered]);
    expect(rig.agents.supervisor.find(worker.job.id)?.asked).toHaveLength(1);
  });
});

async function ask(worker: Worker): Promise<object> {
  const result = await worker.call('ask_user', { question });
  if (result.isError) throw new Error(result.text);
  return result.output;
}

function answer(rig: ToolRig, { job }: Worker): Promise<unknown> {
  return rig.agents.supervisor.answer(job.id, 'The second.');
}
