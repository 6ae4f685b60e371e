import { beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { open as openFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asAttemptId, type AttemptId } from '../src/core/ids.ts';
import { minuteMs } from '../src/core/time.ts';
import { openTmux } from '../src/processes/tmux.ts';
import type { JobStore } from '../src/supervisor/ports.ts';
import { openSupervisor, tell, type SupervisorRig } from '../test/supervisor-rig.ts';
import { requireTmux } from './require-tmux.ts';

beforeAll(requireTmux, 300_000);

const tmux = { transport: 'tmux' } as const;
const finish = tell({ kind: 'turn-completed' }) + tell({ kind: 'result', text: 'ok' }) + tell({ kind: 'turn-ended' });
const sleep = 'while :; do sleep 0.1; done\n';

describe('a job in tmux', () => {
  test('is done when its agent has ended its turn, whose process is ended', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(tell({ kind: 'session', id: 's1' }) + finish + sleep, tmux);
    const job = await rig.reaches(id, 'done', 'failed');
    expect(job.state).toMatchObject({ kind: 'done', result: 'ok' });
    expect(job.conversation?.session).toBe('s1');
    expect(rig.bugs).toEqual([]);
  });

  test('whose tmux server is killed is gone on with like after a crash', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(`${tell({ kind: 'session', id: 's1' })}${again(finish)}${sleep}`, tmux);
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    await killServer(rig);
    const queued = await rig.reaches(id, 'queued');
    expect(queued).toMatchObject({ restarts: { crashes: 1 }, handover: { kind: 'resume' } });
    rig.advance(minuteMs);
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 2, state: { result: 'ok' } });
  });

  test('survives the daemon, and is told of what happened meanwhile', async () => {
    await using rig = await openSupervisor();
    Bun.spawnSync(['mkfifo', join(rig.folder, 'gate')]);
    const { id } = await rig.add(`${tell({ kind: 'session', id: 's1' })}read -r _ <gate\n${finish}${sleep}`, tmux);
    await rig.supervisor.until(id, ({ conversation }) => conversation !== null);
    await rig.restart(async () => {
      writeFileSync(join(rig.folder, 'gate'), 'go\n');
      await sessionsAre(rig, 1);
    });
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, state: { result: 'ok' } });
    await sessionsAre(rig, 0);
  });

  test('goes on with the turn that its user has answered into, though its transcript ends with the turn before', async () => {
    await using rig = await openSupervisor();
    Bun.spawnSync(['mkfifo', join(rig.folder, 'gate')]);
    const going = `printf '{"kind":"going","transcript_path":"%s/transcript"}\\n' "$PWD" | sh "$4"\n`;
    const ended = [{ kind: 'result', text: 'Which one?' }, { kind: 'turn-ended' }].map((each) => JSON.stringify(each));
    const turn = `printf '%s\\n' ${ended.map((each) => `'${each}'`).join(' ')} >>transcript\n`;
    const later = `read -r _ <gate\n${tell({ kind: 'text', text: 'still at it' })}`;
    const talk = { ...tmux, interactive: true };
    const { id } = await rig.add(`${going}${turn}read -r _; ${going}${later}${sleep}`, talk);
    await rig.reaches(id, 'waiting');
    await rig.supervisor.answer(id, 'the second');
    await rig.supervisor.until(id, ({ state }) => state.kind === 'running' && state.answering === undefined);
    await rig.restart();
    const heard = rig.hearsText('still at it');
    writeFileSync(join(rig.folder, 'gate'), 'go\n');
    await heard;
    expect(rig.supervisor.find(id)).toMatchObject({ state: { kind: 'running' }, attempts: 1 });
  });

  test('is not ended while its session is still starting, though nothing of it is known yet', async () => {
    await using rig = await openSupervisor();
    const { id } = await rig.add(sleep, tmux);
    const { state } = await rig.reaches(id, 'running');
    const attempt = (state as { attempt: AttemptId }).attempt;
    // As a daemon sees it that comes between the session and its first process.
    expect(await rig.processes.living({ id: attempt, pid: null, birth: null })).not.toEqual([]);
    expect(await rig.processes.terminal(attempt)).toBeDefined();
  });

  test('waits for its user at the end of a turn, is told the answer, and is done when they end it', async () => {
    await using rig = await openSupervisor();
    const ask = tell({ kind: 'result', text: 'Which one?' }) + tell({ kind: 'turn-ended' });
    const answered = `read -r line; printf %s "$line" >answer\n${tell({ kind: 'going' })}`;
    const result = tell({ kind: 'result', text: 'the second' });
    const { id } = await rig.add(ask + answered + result, { ...tmux, interactive: true });
    const waiting = await rig.reaches(id, 'waiting');
    expect(waiting.state).toMatchObject({ question: 'Which one?', on: 'terminal' });
    await rig.supervisor.answer(id, 'the second');
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, state: { result: 'the second' } });
    expect(rig.read('answer')).toBe('the second');
  });

  test('is typed an answer into once, where the daemon ends before it has noted that', async () => {
    const typed = { kept: true, again: Promise.withResolvers<void>() };
    const wrapStore = (store: JobStore): JobStore => ({
      ...store,
      loadJobs: () => store.loadJobs(),
      async effectDone(id) {
        const isType = (await store.openEffects()).some((each) => each.id === id && each.effect.kind === 'type');
        if (isType && typed.kept) throw new Error('the disk is full');
        await store.effectDone(id);
        if (isType) typed.again.resolve();
      },
    });
    await using rig = await openSupervisor(['a'], { wrapStore });
    const ask = tell({ kind: 'result', text: 'Which one?' }) + tell({ kind: 'turn-ended' });
    const { id } = await rig.add(`${ask}while read -r line; do echo "$line" >>answer; done\n`, {
      ...{ ...tmux, interactive: true },
    });
    await rig.reaches(id, 'waiting');
    await rig.supervisor.answer(id, 'the second');
    while (!existsSync(join(rig.folder, 'answer'))) await Bun.sleep(20);
    await rig.restart(() => Promise.resolve((typed.kept = false)));
    await typed.again.promise;
    // What is typed after it comes after it.
    const terminal = await rig.processes.terminal(asAttemptId(`${id}.1`));
    await terminal?.paste('the end', 'by hand');
    while (!rig.read('answer').includes('the end')) await Bun.sleep(20);
    expect(rig.read('answer')).toBe('the second\nthe end\n');
    expect(rig.supervisor.find(id)?.state).toMatchObject({ kind: 'running', answering: { answer: 'the second' } });
  });

  test('waits with what its screen shows where its agent has not said a word', async () => {
    await using rig = await openSupervisor(['a'], { dialogMs: 500 });
    const script = `echo 'Do you trust this folder?'; read -r line\n${tell({ kind: 'going' })}${finish}${sleep}`;
    const { id } = await rig.add(script, tmux);
    const { state } = await rig.reaches(id, 'waiting');
    expect(state).toMatchObject({ on: 'terminal' });
    expect((state as { question: string }).question).toContain('Do you trust this folder?');
    await rig.supervisor.answer(id, 'yes');
    await rig.reaches(id, 'done');
  });

  test('is one of fifty, which all end', async () => {
    await using rig = await openSupervisor();
    rig.places = fifty;
    Bun.spawnSync(['mkfifo', join(rig.folder, 'gate')]);
    const started = performance.now();
    const jobs = [];
    for (let count = 0; count < fifty; count += 1) jobs.push(await rig.add(`read -r _ <gate\n${finish}${sleep}`, tmux));
    await Promise.all(jobs.map(({ id }) => rig.reaches(id, 'running')));
    await sessionsAre(rig, fifty);
    const open = (await readdir('/proc/self/fd')).length;
    // Each reader of the pipe takes its leave as soon as there is a writer.
    const gate = await openFile(join(rig.folder, 'gate'), 'r+');
    await gate.write('go\n'.repeat(fifty));
    await Promise.all(jobs.map(({ id }) => rig.reaches(id, 'done')));
    await gate.close();
    await sessionsAre(rig, 0);
    expect((await readdir('/proc/self/fd')).length).toBeLessThan(open + 10);
    expect(rig.bugs).toEqual([]);
    console.log(`fifty sessions began and ended in ${Math.round(performance.now() - started)} ms`);
  });
});

const fifty = 50;

/** The first attempt waits to be ended; the second does as it is told. */
function again(script: string): string {
  return `if [ "$1" = resume ]; then\n${script}fi\n`;
}

function tmuxOf(rig: SupervisorRig): ReturnType<typeof openTmux> {
  return openTmux(join(rig.folder, 'attempts', 'tmux'), process.env['PATH'] ?? '');
}

async function killServer(rig: SupervisorRig): Promise<void> {
  const pid = await tmuxOf(rig).run(['display-message', '-p', '#{pid}']);
  process.kill(Number(pid), 'SIGKILL');
}

async function sessionsAre(rig: SupervisorRig, count: number): Promise<void> {
  for (;;) {
    const look = await tmuxOf(rig).sessions();
    if (look.kind === 'known' && look.panes.size === count) return;
    await Bun.sleep(50);
  }
}
