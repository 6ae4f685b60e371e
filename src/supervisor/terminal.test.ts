import { describe, expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idOf } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { openSupervisor, tell } from '../../test/supervisor-rig.ts';
import { asAttemptId } from '../core/ids.ts';
import { attemptOf } from '../core/job/state.ts';
import { minuteMs } from '../core/time.ts';
import type { Processes } from './ports.ts';

const pty = { transport: 'pty' } as const;
const finish = tell({ kind: 'turn-completed' }) + tell({ kind: 'result', text: 'ok' }) + tell({ kind: 'turn-ended' });
const sleep = 'while :; do sleep 0.1; done\n';
const begun = tell({ kind: 'session', id: 's1' });
const error = tell({ kind: 'error', failure: 'task', detail: 'too long', until: null });
const resumes = (script: string): string => `if [ "$1" = resume ]; then\n${script}fi\n`;

describe('a job on a terminal', () => {
  test('is done when its agent has ended its turn, whose process is ended then', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(begun + finish + sleep, pty);
    expect((await rig.reaches(id, 'done')).state).toMatchObject({ result: 'ok' });
    expect(rig.supervisor.attempt(id)).toMatchObject({ outcome: { kind: 'done', result: 'ok' } });
  });

  test('that is to go on until its agent says so is not done by the end of a turn', async () => {
    await using rig = await openSupervisor();
    const completion = { ...buildJob().spec.stop, completion: true };
    const { id } = await rig.add(begun + finish + sleep, { ...pty, stop: completion });
    await rig.supervisor.until(id, ({ attempts }) => attempts > 1);
    expect(rig.supervisor.find(id)).toMatchObject({ finished: null, conversation: { session: 's1' } });
  });

  test('is ended as failed when its agent’s turn has failed, and waits where somebody talks with it', async () => {
    await using rig = await openSupervisor();
    const alone = await rig.add(begun + error + tell({ kind: 'turn-ended' }) + sleep, pty);
    expect((await rig.reaches(alone.id, 'failed')).state).toMatchObject({ failure: 'task', detail: 'too long' });
    const talk = await rig.add(begun + error + tell({ kind: 'turn-ended' }) + sleep, { ...pty, interactive: true });
    expect((await rig.reaches(talk.id, 'waiting')).state).toMatchObject({ question: 'too long', on: 'terminal' });
  });

  test('whose terminal goes away with the daemon goes on with its conversation, and no crash is counted', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(begun + resumes(finish) + sleep, pty);
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    await rig.restart();
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 2, restarts: { crashes: 0 }, conversation: { session: 's1' } });
  });

  const rests = tell({ kind: 'rests', text: 'it is started' });

  test('that rests is done with its last word when nothing has woken it', async () => {
    await using rig = await openSupervisor(['a'], { restMs: 300 });
    const { id } = await rig.add(begun + rests + sleep, pty);
    expect((await rig.reaches(id, 'done')).state).toMatchObject({ result: 'it is started' });
  });

  test('that rests waits for whoever talks with it, and goes on by itself when it is woken', async () => {
    await using rig = await openSupervisor();
    Bun.spawnSync(['mkfifo', join(rig.folder, 'gate')]);
    const woken = `read -r _ <"$NOTES/gate"\n${tell({ kind: 'going' })}`;
    const { id } = await rig.add(begun + rests + woken + sleep, { ...pty, interactive: true });
    expect((await rig.reaches(id, 'waiting')).state).toMatchObject({ question: 'it is started', on: 'terminal' });
    writeFileSync(join(rig.folder, 'gate'), 'go\n');
    await rig.reaches(id, 'running');
  });

  test('is told an answer on its terminal', async () => {
    await using rig = await openSupervisor();
    const ask = tell({ kind: 'asks', question: 'May it?' });
    const script = `${begun}${ask}read -r line; echo "$line" >answer\n${tell({ kind: 'going' })}${finish}${sleep}`;
    const { id } = await rig.add(script, pty);
    await rig.reaches(id, 'waiting');
    await rig.supervisor.answer(id, 'yes, it may');
    await rig.reaches(id, 'done');
    expect(rig.read('answer')).toBe('yes, it may\n');
  });

  const asks = begun + tell({ kind: 'result', text: 'Which?' }) + tell({ kind: 'turn-ended' });
  const talk = { ...pty, interactive: true };

  test.each([
    ['is told an answer by its prompt where its agent is lost before it takes that', '', ['The second.']],
    ['is not told an answer again that its agent has taken', tell({ kind: 'going' }), null],
  ] as const)('%s', async (_, taken, told) => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`if [ "$1" = first ]; then ${asks} read -r _; ${taken} exit 1; fi\n${sleep}`, talk);
    await rig.reaches(id, 'waiting');
    await rig.supervisor.answer(id, 'The second.');
    await rig.reaches(id, 'queued');
    rig.advance(minuteMs);
    await rig.supervisor.until(id, ({ state, attempts }) => state.kind === 'running' && attempts === 2);
    const prompt = await Bun.file(rig.processes.filesOf(asAttemptId(`${id}.2`)).prompt).text();
    expect(prompt.match(/The second\./g)).toEqual(told as never);
  });

  test('waits on, and says so, where an answer could not be typed', async () => {
    let refuses = true;
    const wrapProcesses = (processes: Processes): Processes => ({
      ...processes,
      async terminal(attempt) {
        const terminal = await processes.terminal(attempt);
        if (terminal === undefined || !refuses) return terminal;
        return {
          ...terminal,
          paste() {
            refuses = false;
            return Promise.reject(new Error('tmux does not answer'));
          },
        };
      },
    });
    await using rig = await openSupervisor(['a'], { wrapProcesses });
    const { id } = await rig.add(`${asks}read -r line; echo "$line" >answer\n${finish}${sleep}`, talk);
    await rig.reaches(id, 'waiting');
    await rig.supervisor.answer(id, 'The first.');
    expect((await rig.reaches(id, 'waiting')).state).toMatchObject({
      ...{ question: 'Which?', isAgain: true, on: 'terminal' },
    });
    expect(rig.bugs).toMatchObject([{ message: 'tmux does not answer' }]);
    await rig.supervisor.answer(id, 'The second.');
    await rig.reaches(id, 'waiting');
    expect(rig.read('answer')).toBe('The second.\n');
  });

  test('goes on by itself when somebody has typed into its terminal what it waited for', async () => {
    await using rig = await openSupervisor();
    const script = `${begun}${tell({ kind: 'asks', question: 'May it?' })}read -r _\n${tell({ kind: 'going' })}${sleep}`;
    const { id } = await rig.add(script, pty);
    const waiting = await rig.reaches(id, 'waiting');
    const terminal = await rig.processes.terminal(attemptOf(waiting) ?? asAttemptId(''));
    await terminal?.paste('1', 'by hand');
    await rig.reaches(id, 'running');
  });
});

describe('a limit on a screen', () => {
  const shows = `${begun}echo 'limit reached, resets in 2 hours'\n${resumes(finish)}${sleep}`;

  test('is none while the agent may be working, and is one after three minutes without a word', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(shows, pty);
    const looked = Promise.withResolvers<void>();
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    setTimeout(() => looked.resolve(), 1000);
    await looked.promise;
    expect(rig.supervisor.find(id)).toMatchObject({ state: { kind: 'running' }, attempts: 1 });
    rig.advance(3 * minuteMs);
    await rig.reaches(id, 'done');
    expect(rig.supervisor.find(id)?.attempts).toBe(2);
  });

  test('is none while a tool is at work, whatever is told meanwhile, unless its account is closed', async () => {
    await using rig = await openSupervisor(['a']);
    const usage = { turns: 1, models: null, costUsd: null, ofConversation: false };
    const works = tell({ kind: 'tool-begun', id: '1', name: 'Bash' }) + tell({ kind: 'usage', usage });
    const { id } = await rig.add(`${begun}echo 'limit reached'\n${works}${sleep}`, pty);
    const looked = Promise.withResolvers<void>();
    await rig.hears('usage');
    // Whoever looks at the screen hears of it in the same turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    rig.advance(4 * minuteMs);
    setTimeout(() => looked.resolve(), 1000);
    await looked.promise;
    expect(rig.supervisor.find(id)).toMatchObject({ state: { kind: 'running' }, attempts: 1 });
    await rig.close('a', rig.now + 60 * minuteMs);
    await rig.reaches(id, 'parked');
  });

  /** Resolves when the screen was looked at a few times more. */
  const looks = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 1000));

  test('is none while its agent waits for its user, whatever it tells meanwhile', async () => {
    await using rig = await openSupervisor();
    const ask = tell({ kind: 'result', text: 'limit reached?' }) + tell({ kind: 'turn-ended' });
    const script = `${begun}echo 'limit reached'\n${ask}${tell({ kind: 'text', text: 'by the way' })}${sleep}`;
    const heard = rig.hearsText('by the way');
    const { id } = await rig.add(script, { ...pty, interactive: true });
    await rig.reaches(id, 'waiting');
    await heard;
    rig.advance(60 * minuteMs);
    await looks();
    expect(rig.supervisor.find(id)).toMatchObject({ state: { kind: 'waiting' }, attempts: 1 });
  });

  test('is none while a model answers it, and is told with what spoke for it', async () => {
    await using rig = await openSupervisor();
    rig.world.asks = { lastAt: null, open: 1, held: 0 };
    const { id } = await rig.add(shows, pty);
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    await looks();
    rig.advance(4 * minuteMs);
    await looks();
    expect(rig.supervisor.find(id)).toMatchObject({ state: { kind: 'running' }, attempts: 1 });
    rig.world.asks = { lastAt: null, open: 0, held: 0 };
    const { watched } = await rig.reaches(id, 'done');
    const line = 'limit reached, resets in 2 hours';
    expect(watched.last).toMatchObject({ rule: 'limited-stuck', deed: 'resume', facts: { line, isClosed: false } });
  });

  test('is one at once where its account is closed by its own state', async () => {
    await using rig = await openSupervisor(['a']);
    const { id } = await rig.add(shows, pty);
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    await rig.close('a', rig.now + 60 * minuteMs);
    const parked = await rig.reaches(id, 'parked');
    expect(parked.conversation?.session).toBe('s1');
    expect(rig.book.state.accounts.get(idOf('a'))).toBeDefined();
  });
});
