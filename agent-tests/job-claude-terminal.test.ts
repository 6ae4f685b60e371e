// Genuine Claude Code as the agent of jobs on terminals.
import { beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { transports } from '../src/core/job/transport.ts';
import { openTmux } from '../src/processes/tmux.ts';
import { requireTmux } from '../terminal-tests/require-tmux.ts';
import { agentExecutable } from './agent-executable.ts';
import { claudeJobs } from './job-agents.ts';
import { startGatewayJobs, startProfileJobs, type JobRig } from './job-rig.ts';

beforeAll(async () => {
  await agentExecutable('claude');
  await requireTmux();
}, 600_000);

/** As after a first start, in which a person has chosen a theme and said that they trust the folder. */
async function known(rig: JobRig): Promise<void> {
  const { folder, place } = rig;
  const state = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    projects: { [place.cwd]: { hasTrustDialogAccepted: true } },
  };
  await Bun.write(join(folder, 'home', '.claude.json'), JSON.stringify(state));
}

/** Presses a key on its terminal, as whoever is attached to it does. */
async function press(rig: JobRig, id: string, key: string): Promise<void> {
  const { attempts, transport } = await rig.show(id);
  if (transport === 'pty') return void (await rig.call('job.type', { job: id, keys: btoa(key) }));
  const folder = join(rig.place.env['STINT_HOME'] ?? '', 'attempts', 'tmux');
  await openTmux(folder, process.env['PATH'] ?? '').run([
    'send-keys',
    '-t',
    `=stint-${id}-${attempts}:`,
    '-H',
    hex(key),
  ]);
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

describe.each(transports.filter((each) => each !== 'pipe'))('Claude Code on %s', (transport) => {
  test('is given its prompt, and its job is done when its turn ends', async () => {
    await using rig = await startGatewayJobs(claudeJobs);
    await known(rig);
    const { id } = await rig.add('[[steps:2]] [[say:all done]]', { transport });
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ result: 'all done', attempts: 1 });
    const said = (await rig.logs(id)).map(({ kind, text }) => `${kind} ${text}`);
    expect(said[0]).toBe(`session ${job.session}`);
    const tools = said.filter((each) => each.startsWith('tool'));
    expect(tools.map((each) => /echo step \d/.exec(each)?.[0])).toEqual(['echo step 1', 'echo step 2']);
    expect(said).toContain('text all done');
    expect(said).toContain('result all done');
    expect(job.attempt?.pid).toBeGreaterThan(0);
  });

  test('asks what its user has to allow, is answered, waits at the end of a turn, and ends when its user ends it', async () => {
    await using rig = await startGatewayJobs({ ...claudeJobs, args: [] });
    await known(rig);
    const { id } = await rig.add('[[tool:Bash {"command":"touch made"}]] [[say:is it good?]]', {
      ...{ transport, interactive: true },
    });
    const asking = await rig.reaches(id, 'waiting');
    expect(asking.question).toContain('May it use Bash? {"command":"touch made"');
    // What is chosen when nobody says otherwise is to allow it.
    await rig.stint('job', 'answer', id, '1');
    while ((await rig.show(id)).question !== 'is it good?') await Bun.sleep(100);
    expect(await Bun.file(join(rig.place.cwd, 'made')).exists()).toBe(true);
    await rig.stint('job', 'answer', id, '[[say:then I am glad]]');
    while ((await rig.show(id)).question !== 'then I am glad') await Bun.sleep(100);
    await rig.stint('job', 'answer', id, '/exit');
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 1, attempt: { exitCode: 0 } });
  });

  test('goes on with a tool that fails once it is allowed, and waits where it is not', async () => {
    await using rig = await startGatewayJobs({ ...claudeJobs, args: [] });
    await known(rig);
    const calls = ['/no/such/place', 'made'].map((file) => `[[tool:Bash {"command":"touch ${file}"}]]`).join(' ');
    const { id } = await rig.add(calls, { transport });
    await rig.reaches(id, 'waiting');
    // As somebody does who looks at its terminal.
    await press(rig, id, '1');
    while (!((await rig.show(id)).question ?? '').includes('touch made')) await Bun.sleep(100);
    await rig.stint('job', 'answer', id, 'no');
    while ((await rig.show(id)).question !== 'It was interrupted, and waits for you.') await Bun.sleep(100);
    await rig.stint('job', 'answer', id, '[[say:then I am glad]]');
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, result: 'then I am glad' });
  });

  test('is woken by what it has started, and waits meanwhile where somebody talks with it', async () => {
    await using rig = await startGatewayJobs(claudeJobs);
    await known(rig);
    const script = (command: string): string =>
      `[[tool:Bash {"command":"${command}","run_in_background":true}]] [[say:it is started]]`;
    const alone = await rig.add(script('sleep 3; touch made'), { transport });
    const done = await rig.reaches(alone.id, 'done');
    expect(done).toMatchObject({ attempts: 1 });
    // It has answered to what woke it.
    expect(done.result).not.toBe('it is started');
    expect(await Bun.file(join(rig.place.cwd, 'made')).exists()).toBe(true);
    const talk = await rig.add(script('sleep 1000'), { transport, interactive: true });
    expect((await rig.reaches(talk.id, 'waiting')).question).toBe('it is started');
    await rig.stint('job', 'answer', talk.id, '[[say:then I am glad]]');
    while ((await rig.show(talk.id)).question !== 'then I am glad') await Bun.sleep(100);
    await rig.stint('job', 'cancel', talk.id);
  });

  test('waits for whoever has interrupted it', async () => {
    await using rig = await startGatewayJobs(claudeJobs, { deltaDelayMs: 100 });
    await known(rig);
    const { id } = await rig.add('[[steps:1]] [[words:3000]]', { transport });
    while (!(await rig.logs(id)).some(({ kind }) => kind === 'tool') || rig.world.traffic().length < 2)
      await Bun.sleep(50);
    // It takes no key before it has drawn its screen.
    while ((await rig.show(id)).state === 'running') {
      await press(rig, id, '\u001b');
      await Bun.sleep(200);
    }
    expect(await rig.show(id)).toMatchObject({ state: 'waiting', question: 'It was interrupted, and waits for you.' });
    await rig.stint('job', 'cancel', id);
  });

  test('shows what a dialog asks that comes before its first turn, and goes on once it is answered', async () => {
    await using rig = await startGatewayJobs(claudeJobs);
    const state = { hasCompletedOnboarding: true, theme: 'dark' };
    await Bun.write(join(rig.folder, 'home', '.claude.json'), JSON.stringify(state));
    const { id } = await rig.add('[[say:all done]]', { transport });
    const asking = await rig.reaches(id, 'waiting');
    expect(asking.question).toContain('Yes, I trust this folder');
    expect(asking.question).toContain(`stint job attach ${id}`);
    await rig.stint('job', 'answer', id, '1');
    expect(await rig.reaches(id, 'done')).toMatchObject({ result: 'all done', attempts: 1 });
  });

  test('goes on with its conversation after a kill -9 of the daemon', async () => {
    await using rig = await startGatewayJobs(claudeJobs, { deltaDelayMs: 100 });
    await known(rig);
    const { id } = await rig.add(`[[steps:1]] [[words:60]]`, { transport });
    // What stands in its transcript can be gone on with.
    while (!(await rig.logs(id)).some(({ kind }) => kind === 'tool') || rig.world.traffic().length < 2)
      await Bun.sleep(50);
    // The log is read from what the agent has written, which the daemon may have heard a little later.
    let before = await rig.show(id);
    while (before.session === null) before = await rig.show(id);
    await rig.killDaemon();
    await rig.up();
    const job = await rig.reaches(id, 'done');
    expect(job.session).toBe(before.session);
    expect(job.attempts).toBe(transport === 'tmux' ? 1 : 2);
  });

  test('that meets a limit is parked with its conversation, and goes on with it', async () => {
    await using rig = await startGatewayJobs(claudeJobs, { holdSeconds: 0 });
    await known(rig);
    const closed = { skip: 2, resetInSeconds: 25 };
    for (const each of ['a', 'b']) rig.world.limit(each, each === 'a' ? closed : { ...closed, skip: 0 });
    const { id } = await rig.add('[[steps:4]] [[say:all done]]', {
      ...{ transport, environment: { ...claudeJobs.environment, CLAUDE_CODE_MAX_RETRIES: '0' } },
    });
    const parked = await rig.reaches(id, 'parked');
    expect(parked.session).not.toBeNull();
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 2, session: parked.session, result: 'all done' });
  });

  test('on a profile has its conversation gone on with in that of the next account', async () => {
    await using rig = await startProfileJobs(claudeJobs);
    await known(rig);
    rig.world.limit('a', 2);
    const { id } = await rig.add('[[steps:4]] [[say:all done]]', { transport });
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 2, attempt: { account: 'anthropic/b' }, result: 'all done' });
  });
});
