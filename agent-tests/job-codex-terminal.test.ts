// Genuine Codex as the agent of jobs on terminals.
import { beforeAll, describe, expect, test } from 'bun:test';
import { transports } from '../src/core/job/transport.ts';
import { requireTmux } from '../terminal-tests/require-tmux.ts';
import { agentExecutable } from './agent-executable.ts';
import { codexJobs } from './job-agents.ts';
import { describeLoop } from './job-loop.ts';
import { startGatewayJobs } from './job-rig.ts';

beforeAll(async () => {
  await agentExecutable('codex');
  await requireTmux();
}, 600_000);

describe.each(transports.filter((each) => each !== 'pipe'))('Codex on %s', (transport) => {
  test('is given its prompt, and its job is done when its turn ends', async () => {
    await using rig = await startGatewayJobs(codexJobs);
    const { id } = await rig.add('[[steps:2]] [[say:all done]]', { transport });
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ result: 'all done', attempts: 1 });
    const said = (await rig.logs(id)).map(({ kind, text }) => `${kind} ${text}`);
    expect(said).toEqual([
      ...[`session ${job.session}`, 'tool shell echo step 1', 'tool shell echo step 2'],
      ...['text all done', 'result all done'],
    ]);
  });

  test('waits at the end of a turn, goes on with an answer, and ends when its user ends it', async () => {
    await using rig = await startGatewayJobs(codexJobs);
    const { id } = await rig.add('[[say:is it good?]]', { transport, interactive: true });
    expect((await rig.reaches(id, 'waiting')).question).toBe('is it good?');
    await rig.stint('job', 'answer', id, '[[say:then I am glad]]');
    while ((await rig.show(id)).question !== 'then I am glad') await Bun.sleep(100);
    await rig.stint('job', 'answer', id, '/quit');
    expect(await rig.reaches(id, 'done')).toMatchObject({ result: 'then I am glad', attempts: 1 });
  });

  test('goes on with its conversation after a kill -9 of the daemon', async () => {
    await using rig = await startGatewayJobs(codexJobs, { deltaDelayMs: 100 });
    const { id } = await rig.add('[[steps:1]] [[words:60]]', { transport });
    // What stands in its rollout can be gone on with.
    while (!(await rig.logs(id)).some(({ kind }) => kind === 'tool') || rig.world.traffic().length < 2)
      await Bun.sleep(50);
    // The log is read from what the agent has written, which the daemon may have heard a little later.
    let before = await rig.show(id);
    while (before.session === null) before = await rig.show(id);
    await rig.killDaemon();
    await rig.up();
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ session: before.session, attempts: transport === 'tmux' ? 1 : 2 });
  });

  test('that meets a limit is parked with its conversation, and goes on with it', async () => {
    await using rig = await startGatewayJobs(codexJobs, { holdSeconds: 0 });
    for (const each of ['a', 'b']) rig.world.limit(each, { skip: each === 'a' ? 2 : 0, resetInSeconds: 20 });
    const { id } = await rig.add('[[steps:4]] [[say:all done]]', { transport });
    const parked = await rig.reaches(id, 'parked');
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 2, session: parked.session, result: 'all done' });
  });
});

describeLoop(codexJobs, 'pty');
