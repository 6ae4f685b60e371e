import { describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clearAccount } from '../book/roster.ts';
import { hourMs, minuteMs } from '../core/time.ts';
import { idOf } from '../../test/builders.ts';
import { finish, openSupervisor, print } from '../../test/supervisor-rig.ts';

const limited = print({
  kind: 'limited',
  waits: false,
  signal: { kind: 'closed', window: 'five_hour', family: null, overage: false, until: null, evidence: 'used up' },
});

describe('a job', () => {
  test('is started, gets its prompt, and is done when its agent says so', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`cat > $NOTES/prompt; echo "$1 $3" > $NOTES/how; ${finish('all fixed')}`, {
      prompt: 'Fix it.',
    });
    expect((await rig.reaches(id, 'done', 'failed')).state).toMatchObject({ kind: 'done', result: 'all fixed' });
    expect([rig.read('prompt'), rig.read('how')]).toEqual(['Fix it.', 'first -\n']);
    expect(rig.supervisor.attempt(id)).toMatchObject({ number: 1, exitCode: 0, outcome: { kind: 'done' } });
    expect(rig.bugs).toEqual([]);
  });

  test('is not done by an exit code alone', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add('echo hello; exit 0');
    const job = await rig.reaches(id, 'queued', 'done');
    await rig.supervisor.until(id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
    expect(rig.supervisor.attempt(id)?.outcome).toMatchObject({ kind: 'failed', failure: 'unknown' });
    expect(job.state.kind).toBe('queued');
  });

  test('whose agent crashes is tried again later, with its conversation, three times', async () => {
    await using rig = await openSupervisor();
    const script = `echo "$1 $2" >> $NOTES/tries; ${print({ kind: 'session', id: 's1' })} exit 9`;
    const { id } = await rig.add(script);
    for (const waitMs of [30_000, 60_000, 120_000]) {
      const { state } = await rig.supervisor.until(
        id,
        (job) => job.state.kind === 'queued' && job.state.notBefore !== null,
      );
      expect(state).toMatchObject({ notBefore: rig.now + waitMs });
      rig.advance(waitMs);
      await rig.supervisor.until(id, (job) => job.state.kind !== 'queued');
    }
    const blocked = await rig.reaches(id, 'blocked');
    expect(blocked.state).toMatchObject({
      failure: 'crash',
      detail: 'it ended 4 times within 3m 30s (crash): the agent ended with exit code 9',
    });
    const tries = rig.read('tries').trim().split('\n');
    expect(tries.map((line) => line.split(' ')[0])).toEqual(['first', 'resume', 'resume', 'resume']);
    expect(new Set(tries.slice(1))).toEqual(new Set(['resume s1']));
  });

  test('that is cancelled is cancelled when its processes are gone, and never done', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(
      `bye() { ${finish()}exit 0; }; trap bye TERM; echo ready > $NOTES/ready; while :; do sleep 0.05; done`,
    );
    await rig.reaches(id, 'running');
    await waitForFile(join(rig.folder, 'ready'));
    const attempt = rig.supervisor.attempt(id);
    expect((await rig.supervisor.cancel(id)).state.kind).toBe('cancelled');
    expect(isAlive(attempt?.pid ?? 0)).toBe(false);
    await expect(rig.supervisor.cancel(id)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('whose directory is missing is blocked with a clear sentence, and not tried again by itself', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add('true', { directory: '/no/such/folder' });
    const { state } = await rig.reaches(id, 'blocked');
    expect(state).toMatchObject({ failure: 'launch', detail: 'The directory /no/such/folder does not exist.' });
  });

  test('without a model is resolved for the one that its agent takes by itself', async () => {
    await using rig = await openSupervisor();
    const model = print({ kind: 'model', model: 'claude-opus-4-8' });
    const { id } = await rig.add(
      `echo "$3" >> $NOTES/models; [ "$3" = - ] || { ${finish()}exit 0; }; ${model}${limited} exit 1`,
    );
    for (const label of ['a', 'b']) await rig.close(label, rig.now + hourMs, 'opus');
    await rig.reaches(id, 'done');
    expect(rig.read('models').trim().split('\n')).toEqual(['-', 'sonnet']);
  });

  test('that waits for a limit and finishes then is done, whatever it said before', async () => {
    await using rig = await openSupervisor();
    const error = print({ kind: 'error', failure: 'window', detail: 'limit reached, waiting', until: null });
    const { id } = await rig.add(`${error}${finish('all of it')}`);
    expect((await rig.reaches(id, 'done', 'parked', 'blocked')).state).toMatchObject({ kind: 'done' });
  });

  test('that depends on a lost one and repeats is blocked once, when it is due', async () => {
    await using rig = await openSupervisor();
    const lost = await rig.add('sleep 60', { scheduleAt: rig.now + hourMs });
    const { id } = await rig.add(finish(), { dependsOn: [lost.id], repeatMs: minuteMs });
    await rig.supervisor.cancel(lost.id);
    await rig.reaches(id, 'blocked');
    await rig.supervisor.forget(0);
    expect(rig.supervisor.all().map(({ state }) => state.kind)).toEqual(['cancelled', 'blocked']);
  });

  test('waits for those it depends on, for its schedule, and for room; the higher priority goes first', async () => {
    await using rig = await openSupervisor();
    rig.places = 1;
    const gate = join(rig.folder, 'go');
    const first = await rig.add(`while [ ! -e ${gate} ]; do sleep 0.02; done; ${finish()}`);
    await rig.reaches(first.id, 'running');
    const note = (name: string): string => `echo ${name} >> $NOTES/order; ${finish()}`;
    const low = await rig.add(note('low'));
    const high = await rig.add(note('high'), { priority: 5 });
    const after = await rig.add(note('after'), { dependsOn: [low.id], priority: 9 });
    const later = await rig.add(note('later'), { scheduleAt: rig.now + hourMs, priority: 9 });
    expect(rig.supervisor.why(low)).toBe('All 1 places are taken (1 running); it is started when one is free.');
    expect(rig.supervisor.why(after)).toBe(`It waits for job ${low.id}, which is queued.`);
    await Bun.write(gate, '');
    for (const each of [low, high, after]) await rig.reaches(each.id, 'done');
    expect(rig.supervisor.find(later.id)?.state.kind).toBe('queued');
    rig.advance(hourMs);
    await rig.reaches(later.id, 'done');
    expect(rig.read('order').trim().split('\n')).toEqual(['high', 'low', 'after', 'later']);
  });

  test('is blocked when what it depends on will never be done', async () => {
    await using rig = await openSupervisor();
    const first = await rig.add('true', { scheduleAt: rig.now + hourMs });
    const after = await rig.add(finish(), { dependsOn: [first.id] });
    await rig.supervisor.cancel(first.id);
    const { state } = await rig.reaches(after.id, 'blocked');
    expect(state).toMatchObject({ detail: `job ${first.id}, which it depends on, was not done` });
  });

  test('that repeats has one successor, due when it should be', async () => {
    await using rig = await openSupervisor();
    const { id, addedAt } = await rig.add(finish(), { repeatMs: hourMs });
    await rig.reaches(id, 'done');
    await rig.restart();
    await rig.supervisor.until(id, () => rig.supervisor.all().length > 1);
    const successors = rig.supervisor.all().filter((each) => each.id !== id);
    expect(successors.map((each) => each.spec.scheduleAt)).toEqual([addedAt + hourMs]);
  });
});

describe('where every account is closed', () => {
  test('a job is parked until the first opens, with a margin, and then goes on', async () => {
    await using rig = await openSupervisor();
    await rig.close('a', rig.now + 2 * hourMs);
    await rig.close('b', rig.now + hourMs);
    const { id } = await rig.add(finish());
    const parked = await rig.reaches(id, 'parked');
    expect(parked.state).toMatchObject({ reason: 'limit', dueAt: rig.now + hourMs + minuteMs, estimated: false });
    expect(rig.supervisor.why(parked)).toMatch(/^It is parked, for nothing is open \(.*\), and goes on in 1h 1m/);
    rig.advance(hourMs + minuteMs);
    await rig.reaches(id, 'done');
  });

  test('a parked job goes on with its conversation after a restart, be its time long past', async () => {
    await using rig = await openSupervisor();
    const script = `echo "$1 $2" >> $NOTES/tries; if [ $1 = first ]; then ${print({ kind: 'session', id: 's1' })}${limited} exit 1; fi; cat > $NOTES/prompt; ${finish()}`;
    const gate = rig.close('a', rig.now + hourMs);
    await gate;
    const { id } = await rig.add(script.replace('exit 1', 'while [ ! -e $NOTES/go ]; do sleep 0.02; done; exit 1'));
    await rig.supervisor.until(id, (job) => job.conversation !== null);
    await rig.close('b', rig.now + hourMs);
    await Bun.write(join(rig.folder, 'go'), '');
    await rig.reaches(id, 'parked');
    rig.now += 40 * 24 * hourMs;
    await rig.restart();
    await rig.reaches(id, 'done');
    expect(
      rig
        .read('tries')
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['first', 'resume']);
    expect(rig.read('prompt')).toContain('You were interrupted by a usage limit, which has ended.');
  });

  test('a job is freed early when an account is cleared', async () => {
    await using rig = await openSupervisor();
    for (const label of ['a', 'b']) await rig.close(label, rig.now + hourMs);
    const { id } = await rig.add(finish());
    await rig.reaches(id, 'parked');
    await clearAccount(rig.book, idOf('a'));
    await rig.reaches(id, 'done');
  });

  test('for its model alone, a job goes on with the next one, and prefers its own again later', async () => {
    await using rig = await openSupervisor();
    for (const label of ['a', 'b']) await rig.close(label, rig.now + hourMs, 'opus');
    const script = `echo "$3" >> $NOTES/models; if [ $3 = sonnet ]; then exit 3; fi; ${finish()}`;
    const { id } = await rig.add(script, { model: 'opus' });
    await rig.supervisor.until(id, (job) => job.state.kind === 'queued' && job.state.notBefore !== null);
    rig.advance(2 * hourMs);
    await rig.reaches(id, 'done');
    expect(rig.read('models').trim().split('\n')).toEqual(['sonnet', 'opus']);
  });

  test('five resumes without a completed turn block a job, and a person unblocks it', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`if [ -e $NOTES/open ]; then ${finish()}exit 0; fi; ${limited} exit 1`);
    // The account looks open all the time: from the second time on it is left alone for a while, which grows.
    for (const waitMs of [30_000, 60_000, 120_000, 240_000]) {
      const { restarts } = await rig.supervisor.until(id, (job) => (job.restarts.againAt ?? 0) > rig.now);
      expect(restarts.againAt).toBe(rig.now + waitMs);
      const job = rig.supervisor.find(id);
      expect(job && rig.supervisor.why(job)).toStartWith(
        'It met a limit where something looked open, and is tried there again in ',
      );
      rig.advance(waitMs);
    }
    const blocked = await rig.reaches(id, 'blocked');
    expect(blocked.state).toMatchObject({ detail: '5 resumes in a row, and no turn was completed: used up' });
    await Bun.write(join(rig.folder, 'open'), '');
    await rig.supervisor.retry(id, false);
    await rig.reaches(id, 'done');
  });

  test('a job that asks waits for its user instead, and goes on with the answer', async () => {
    await using rig = await openSupervisor();
    for (const label of ['a', 'b']) await rig.close(label, rig.now + hourMs, 'opus');
    const script = `echo "$3" >> $NOTES/models; cat > $NOTES/prompt; ${print({ kind: 'session', id: 's1' })}${limited} if [ -e $NOTES/asked ]; then ${finish()}exit 0; fi; exit 1`;
    const { id } = await rig.add(script, { model: 'sonnet', asks: true });
    await rig.supervisor.until(id, (job) => job.conversation !== null);
    for (const label of ['a', 'b']) await rig.close(label, rig.now + hourMs, 'sonnet');
    const waiting = await rig.reaches(id, 'waiting');
    expect(waiting.state).toMatchObject({
      question: 'A limit stopped it (used up). It can go on with haiku of claude. Shall it go on?',
    });
    await Bun.write(join(rig.folder, 'asked'), '');
    await rig.supervisor.answer(id, 'Yes, but leave the docs alone.');
    await rig.reaches(id, 'done');
    expect(rig.read('models').trim().split('\n')).toEqual(['sonnet', 'haiku']);
    expect(rig.read('prompt')).toContain('Yes, but leave the docs alone.');
  });

  test('a job parked by a person stays so until that person resumes it', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(
      `echo x >> $NOTES/runs; if [ $(wc -l < $NOTES/runs) = 1 ]; then sleep 60; fi; ${finish()}`,
    );
    await waitForFile(join(rig.folder, 'runs'));
    expect((await rig.supervisor.park(id, 'not before lunch')).state).toMatchObject({ kind: 'parked', reason: 'user' });
    rig.advance(100 * hourMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('parked');
    await rig.supervisor.resume(id);
    await rig.reaches(id, 'done');
  });
});

describe('a restart', () => {
  test('adopts an agent that goes on, and hears all that it tells', async () => {
    await using rig = await openSupervisor();
    const script = `${print({ kind: 'session', id: 's1' })}while [ ! -e $NOTES/go ]; do sleep 0.02; done; ${finish('late')}`;
    const { id } = await rig.add(script);
    await rig.supervisor.until(id, (job) => job.conversation !== null);
    await rig.restart();
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    await Bun.write(join(rig.folder, 'go'), '');
    expect((await rig.reaches(id, 'done')).state).toMatchObject({ result: 'late' });
    expect(rig.supervisor.find(id)?.attempts).toBe(1);
  });

  test('finds out about an agent that ended meanwhile', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`while [ ! -e $NOTES/go ]; do sleep 0.02; done; ${finish('meanwhile')}`);
    await rig.reaches(id, 'running');
    await rig.supervisor.stop();
    await Bun.write(join(rig.folder, 'go'), '');
    const exit = join(rig.folder, 'attempts', `${id}.1`, 'exit');
    await waitForFile(exit);
    await rig.restart();
    expect((await rig.reaches(id, 'done')).state).toMatchObject({ result: 'meanwhile' });
    expect(rig.supervisor.find(id)?.attempts).toBe(1);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitForFile(path: string): Promise<void> {
  while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
}
