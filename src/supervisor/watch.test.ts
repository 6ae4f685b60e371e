import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asAttemptId, type JobId } from '../core/ids.ts';
import type { Job } from '../core/job/job.ts';
import { hourMs, minuteMs, secondMs } from '../core/time.ts';
import { finish, openSupervisor, print, type SupervisorRig } from '../../test/supervisor-rig.ts';

const session = print({ kind: 'session', id: 'one' });
/** Notes how it was started and what it was told; the first time it stays where it is, later it finishes. */
const staysOnce = (first: string): string =>
  `echo "$1 $2" >> "$NOTES/starts"; cat >> "$NOTES/told"\n${session}if [ "$1" = first ]; then\n${first}exec sleep 300; fi\n${finish()}`;
const limited = print({
  kind: 'limited',
  signal: { kind: 'closed', window: 'five_hour', family: null, overage: false, until: null, evidence: 'session limit' },
  waits: false,
});
const tool = (id: string): string => print({ kind: 'tool-begun', id, name: 'Bash' });
const gave = (result: string): string => print({ kind: 'tool-result', name: 'Bash', call: 'c', result });
/** Gives these results one after the other, each once the test says so. */
const gives = (...results: string[]): string =>
  results
    .map((result, place) => `until [ -e "$NOTES/$1-${place + 1}" ]; do sleep 0.02; done\n${gave(result)}`)
    .join('');

/** Lets an agent give so many results, some seconds apart; `heard` were before them. */
async function given(
  rig: SupervisorRig,
  times: number,
  { run = 'first', heard = 0 }: { readonly run?: 'first' | 'resume'; readonly heard?: number } = {},
): Promise<void> {
  for (let place = 1; place <= times; place += 1) {
    rig.now += 2 * secondMs;
    writeFileSync(join(rig.folder, `${run}-${place}`), '');
    await rig.hears('tool-result', heard + place);
  }
}

/** Adds a job and resolves when its agent has told so many events of a kind. */
async function running(rig: SupervisorRig, script: string, hears: Parameters<SupervisorRig['hears']>): Promise<JobId> {
  const { id } = await rig.add(script);
  await rig.reaches(id, 'running');
  await rig.hears(...hears);
  return id;
}

const last = (rig: SupervisorRig, id: JobId): NonNullable<Job['watched']['last']> | null | undefined =>
  rig.supervisor.find(id)?.watched.last;

describe('an agent that gives no sign of life', () => {
  test('is stopped after 20 minutes and resumed, which is seen afterwards', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    await rig.passes(20 * minuteMs - secondMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    const at = rig.now + secondMs;
    await rig.passes(secondMs);
    const done = await rig.reaches(id, 'done');
    expect(done).toMatchObject({ attempts: 2, watched: { last: { rule: 'idle', deed: 'resume', at } } });
    expect(rig.read('starts')).toMatch(/^first \S+\nresume one\n$/);
    expect(rig.read('told')).toContain('nothing was heard of you for 20m');
    expect(rig.bugs).toEqual([]);
  });

  test.each(['request', 'jobs', 'unknown'] as const)('is left alone where it waits: %s', async (waits) => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    if (waits === 'request') rig.world.asks = { lastAt: null, open: 1, held: 1 };
    if (waits === 'unknown') rig.world.asks = new Error('nobody can tell');
    const over = waits === 'jobs' ? rig.supervisor.watch.waits(attempt) : () => undefined;
    await rig.passes(hourMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
    over();
    rig.world.asks = { lastAt: rig.now, open: 0, held: 0 };
    await rig.passes(20 * minuteMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 2 });
  });

  test('is not blamed for a machine that slept, nor for a daemon that was not there', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    rig.now += 8 * hourMs;
    await rig.passes(19 * minuteMs);
    await rig.restart();
    rig.now += hourMs;
    await rig.passes(19 * minuteMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
  });

  test('is left alone for an hour where its tool is at work, also after a restart', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(tool('1')), ['tool-begun']);
    await rig.passes(59 * minuteMs);
    await rig.restart();
    await rig.hears('tool-begun', 2);
    await rig.passes(59 * minuteMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
    await rig.passes(minuteMs + secondMs);
    const done = await rig.reaches(id, 'done');
    expect(done).toMatchObject({ attempts: 2, watched: { last: { rule: 'idle', facts: { tool: 'Bash' } } } });
    expect(rig.read('told')).toContain('while your tool Bash ran');
  });

  test('is stopped after 20 minutes where its tools have ended', async () => {
    await using rig = await openSupervisor();
    const ended = print({ kind: 'tool-ended', id: '1' });
    const id = await running(rig, staysOnce(tool('1') + tool('2') + ended + ended.replace('1', '2')), [
      'tool-ended',
      2,
    ]);
    await rig.passes(20 * minuteMs);
    expect((await rig.reaches(id, 'done')).watched.last?.why).toContain('used no tool for 20m');
  });

  test('is not stopped where only the person on its terminal can tell', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add('exec sleep 300', { transport: 'pty', interactive: true });
    await rig.reaches(id, 'running');
    await rig.passes(hourMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
  });

  test('draws on the resumes, and is blocked when they are spent', async () => {
    await using rig = await openSupervisor();
    rig.world.idle = minuteMs;
    const { id } = await rig.add(`${session}exec sleep 300`);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await rig.hears('session', attempt);
      await rig.passes(minuteMs + secondMs);
      await rig.supervisor.until(id, (job) => job.attempts > attempt || job.state.kind === 'blocked');
    }
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 6, state: { kind: 'blocked' } });
    expect(rig.supervisor.why(rig.supervisor.find(id) as Job)).toContain('5 resumes in a row');
  }, 60_000);
});

describe('an agent at a limit', () => {
  test('that stays there for three minutes, with its account closed, goes on elsewhere', async () => {
    await using rig = await openSupervisor(['a']);
    const id = await running(rig, staysOnce(limited), ['limited']);
    await rig.close('a', rig.now + hourMs);
    await rig.passes(3 * minuteMs - secondMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    await rig.passes(secondMs);
    expect((await rig.reaches(id, 'parked')).watched.last).toMatchObject({ rule: 'limited-stuck' });
    rig.advance(2 * hourMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 2 });
  });

  test('whose account is open, or that has moved since, is left alone', async () => {
    await using rig = await openSupervisor(['a']);
    const open = await running(rig, staysOnce(limited), ['limited']);
    await rig.passes(5 * minuteMs);
    const moved = await running(rig, staysOnce(limited + print({ kind: 'text', text: 'on' })), ['text']);
    await rig.close('a', rig.now + hourMs);
    await rig.supervisor.cancel(open);
    await rig.passes(5 * minuteMs);
    expect(last(rig, open)).toBeNull();
    expect(rig.supervisor.find(moved)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
  });
});

test('an agent that loses Stint’s tools after it used them is resumed after two minutes', async () => {
  await using rig = await openSupervisor();
  const tool = print({ kind: 'tool', name: 'mcp__stint-job__notes', summary: '' });
  const id = await running(rig, staysOnce(tool), ['tool']);
  rig.now += secondMs;
  rig.supervisor.watch.toolsLost(rig.supervisor.attempt(id)?.id ?? ('' as never));
  await rig.passes(2 * minuteMs - secondMs);
  expect(rig.supervisor.find(id)?.state.kind).toBe('running');
  await rig.passes(secondMs);
  expect((await rig.reaches(id, 'done')).watched.last).toMatchObject({ rule: 'mcp-lost' });
});

describe('an agent whose question is open', () => {
  const asks = async (rig: SupervisorRig, id: JobId, on?: 'terminal'): Promise<void> => {
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    const word = { kind: 'asked', attempt, question: 'Which?' } as const;
    await rig.supervisor.tell(id, on === undefined ? word : { ...word, on });
  };

  test('is not idle, however long that takes, also after a restart', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    await asks(rig, id);
    await rig.passes(hourMs);
    await rig.restart();
    await rig.passes(hourMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'waiting' } });
    await rig.supervisor.answer(id, 'the second');
    await rig.passes(20 * minuteMs - secondMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
    await rig.passes(secondMs);
    expect((await rig.reaches(id, 'done')).watched.last).toMatchObject({ rule: 'idle' });
  });

  test('and that has met a limit goes on elsewhere, where it can hear the answer', async () => {
    await using rig = await openSupervisor(['a']);
    const id = await running(rig, staysOnce(limited), ['limited']);
    await asks(rig, id);
    await rig.close('a', rig.now + hourMs);
    await rig.passes(3 * minuteMs);
    expect((await rig.reaches(id, 'parked')).watched.last).toMatchObject({ rule: 'limited-stuck' });
  });

  test('and that has lost the tools by which it would be answered is connected anew', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    await asks(rig, id);
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    rig.supervisor.watch.toolCalled(attempt);
    rig.now += secondMs;
    rig.supervisor.watch.toolsLost(attempt);
    await rig.passes(2 * minuteMs);
    const again = await rig.supervisor.until(id, ({ state, attempts }) => attempts === 2 && state.kind === 'waiting');
    expect(again).toMatchObject({ state: { question: 'Which?' }, watched: { last: { rule: 'mcp-lost' } } });
  });

  test('on its terminal waits for whoever types there, at a limit too', async () => {
    await using rig = await openSupervisor(['a']);
    const id = await running(rig, staysOnce(limited), ['limited']);
    await asks(rig, id, 'terminal');
    await rig.close('a', rig.now + hourMs);
    await rig.passes(hourMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'waiting' } });
  });
});

describe('an agent that does the same again and again', () => {
  test('is told so the first time, and blocked the second time, also after a restart', async () => {
    await using rig = await openSupervisor();
    const script = `cat >> "$NOTES/told"\n${session}${gives('same', 'same', 'same', 'same', 'same', 'same')}exec sleep 300`;
    const id = await running(rig, script, ['session']);
    await given(rig, 4);
    await rig.passes(secondMs);
    await rig.hears('session', 2);
    expect(rig.read('told')).toContain('Doing it once more changes nothing');
    await given(rig, 2, { run: 'resume', heard: 4 });
    await rig.restart();
    // What was heard before says nothing of its pace when it is heard again, but it goes on.
    await rig.hears('tool-result', 8);
    await given(rig, 6, { run: 'resume', heard: 6 });
    await rig.passes(minuteMs);
    const blocked = await rig.reaches(id, 'blocked');
    expect(blocked).toMatchObject({ attempts: 2, watched: { loops: 2, last: { deed: 'block' } } });
    expect(rig.supervisor.why(blocked)).toContain('not for the first time');
    await rig.supervisor.retry(id, false);
    expect(rig.supervisor.find(id)?.watched.loops).toBe(0);
  });

  test('may do so three times, and with other results as often as it likes', async () => {
    await using rig = await openSupervisor();
    const results = ['a', 'b', 'a'].flatMap((each) => [each, each, each]);
    const id = await running(rig, staysOnce(gives(...results)), ['session']);
    await given(rig, 9);
    await rig.passes(minuteMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
  });

  test('may have begun anew once its question was answered', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(gives('a', 'a', 'a', 'a', 'a')), ['session']);
    await given(rig, 3);
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    await rig.supervisor.tell(id, { kind: 'asked', attempt, question: 'Go on?' });
    await rig.supervisor.answer(id, 'yes');
    await given(rig, 5);
    await rig.passes(minuteMs);
    expect(rig.supervisor.find(id)).toMatchObject({ attempts: 1, state: { kind: 'running' } });
  });
});

describe('a process that is gone unnoticed', () => {
  test('is concluded after two misses, with what its agent told to the last', async () => {
    await using rig = await openSupervisor(undefined, {
      wrapProcesses: (processes) => ({ ...processes, ended: () => new Promise(() => undefined) }),
    });
    const id = await running(rig, session + finish('all of it'), ['result']);
    await gone(rig, id);
    await rig.passes(5 * secondMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    await rig.passes(5 * secondMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ attempts: 1, state: { result: 'all of it' }, watched: { last: { rule: 'dead' } } },
    });
  });

  test('is concluded as well where its question was open', async () => {
    await using rig = await openSupervisor(undefined, {
      wrapProcesses: (processes) => ({ ...processes, ended: () => new Promise(() => undefined) }),
    });
    const id = await running(rig, `${session}until [ -e "$NOTES/end" ]; do sleep 0.02; done`, ['session']);
    const attempt = rig.supervisor.attempt(id)?.id ?? ('' as never);
    await rig.supervisor.tell(id, { kind: 'asked', attempt, question: 'Which?' });
    writeFileSync(join(rig.folder, 'end'), '');
    await gone(rig, id);
    await rig.passes(10 * secondMs);
    await rig.supervisor.until(id, ({ state }) => state.kind === 'waiting' && state.attempt === null);
    expect(last(rig, id)).toMatchObject({ rule: 'dead' });
  });

  test('is unknown, never dead, where the question fails', async () => {
    let isBroken = false;
    await using rig = await openSupervisor(undefined, {
      wrapProcesses: (processes) => ({
        ...processes,
        ended: () => new Promise(() => undefined),
        living: (known) => (isBroken ? Promise.reject(new Error('no /proc')) : processes.living(known)),
      }),
    });
    const id = await running(rig, session + finish(), ['result']);
    await gone(rig, id);
    isBroken = true;
    await rig.passes(5 * minuteMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('running');
    isBroken = false;
    await rig.passes(10 * secondMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1 });
  });
});

describe('processes that belong to no job', () => {
  const marked = (attempt: string) =>
    Bun.spawn(['sleep', '300'], {
      env: { ...process.env, STINT_ATTEMPT: attempt },
      stdio: ['ignore', 'ignore', 'ignore'],
    });

  test('are ended at the second look, which is told', async () => {
    await using rig = await openSupervisor();
    const left = marked('gone.1');
    rig.world.processes = [{ attempt: asAttemptId('gone.1'), pids: [left.pid] }];
    await rig.passes(minuteMs - secondMs);
    expect(rig.world.actions).toEqual([]);
    await rig.passes(5 * secondMs);
    expect(await left.exited).toBeGreaterThan(0);
    expect(rig.world.actions).toMatchObject([{ rule: 'orphan', facts: { attempt: 'gone.1', pids: String(left.pid) } }]);
  });

  test('are left alone where they are of another home, or a job has them', async () => {
    await using rig = await openSupervisor();
    const id = await running(rig, staysOnce(''), ['session']);
    const own = rig.supervisor.attempt(id)?.pid ?? 0;
    const other = marked('other.1');
    rig.world.processes = [{ attempt: asAttemptId(`${id}.1`), pids: [own] }];
    await rig.passes(3 * minuteMs);
    rig.world.isOurs = false;
    rig.world.processes = [{ attempt: asAttemptId('other.1'), pids: [other.pid] }];
    await rig.passes(3 * minuteMs);
    expect(rig.world.actions).toEqual([]);
    expect([isThere(own), isThere(other.pid)]).toEqual([true, true]);
    other.kill();
    await other.exited;
  });
});

describe('a disk that is nearly full', () => {
  test('pauses dispatch below 100 MB, says so, and lets it go on from 120 MB', async () => {
    await using rig = await openSupervisor();
    rig.world.free = 99_999_999;
    await rig.passes(secondMs);
    const { id } = await rig.add(finish());
    rig.world.free = 119_999_999;
    await rig.passes(minuteMs);
    rig.world.free = new Error('nobody can tell');
    await rig.passes(minuteMs);
    const queued = rig.supervisor.find(id) as Job;
    expect(rig.supervisor.why(queued)).toBe(
      'Nothing is started at the moment: the disk of Stint’s home has 99 MB left, and no job is started before it has 120 MB.',
    );
    rig.world.free = 120_000_000;
    await rig.passes(secondMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1 });
    expect(rig.world.actions.map(({ deed }) => deed)).toEqual(['pause', 'go-on']);
  });
});

describe('a job on whose next step nobody works', () => {
  test('gets it from the outbox a minute later', async () => {
    let drops = true;
    await using rig = await openSupervisor(undefined, {
      wrapStore: (store) => ({
        ...store,
        saveTransition: async (before, after) => {
          const open = await store.saveTransition(before, after);
          const isDropped = drops && after.effects.some(({ kind }) => kind === 'spawn');
          drops &&= !isDropped;
          return isDropped ? [] : open;
        },
      }),
    });
    const { id } = await rig.add(finish());
    await rig.reaches(id, 'starting');
    await rig.passes(minuteMs - secondMs);
    expect(rig.supervisor.find(id)?.state.kind).toBe('starting');
    await rig.passes(minuteMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({
      ...{ attempts: 1, watched: { last: { rule: 'next-step', deed: 'again', facts: { openEffects: 1 } } } },
    });
    expect((await rig.store.openEffects()).filter(({ effect }) => effect.kind === 'spawn')).toEqual([]);
  });

  test('and whose outbox is empty is spawned, or ended, all the same', async () => {
    let drops = true;
    await using rig = await openSupervisor(undefined, {
      wrapStore: (store) => ({
        ...store,
        saveTransition: async (before, after) => {
          const open = (await store.saveTransition(before, after)) ?? [];
          if (!drops || after.effects.length === 0) return open;
          for (const { id } of open) await store.effectDone(id);
          return [];
        },
      }),
    });
    const { id } = await rig.add(`${session}exec sleep 300`);
    await rig.reaches(id, 'starting');
    await rig.passes(2 * minuteMs);
    await rig.hears('session');
    const cancelled = rig.supervisor.cancel(id);
    await rig.reaches(id, 'stopping');
    await rig.passes(2 * minuteMs);
    drops = false;
    expect(await cancelled).toMatchObject({ state: { kind: 'cancelled' }, attempts: 1 });
  });
});

/** Resolves when the process of a job's attempt has ended. */
async function gone(rig: SupervisorRig, id: JobId): Promise<void> {
  const { pid } = rig.supervisor.attempt(id) ?? { pid: null };
  while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

function isThere(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}
