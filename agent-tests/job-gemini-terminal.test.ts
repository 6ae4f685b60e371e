// Genuine Gemini CLI as the agent of a job on a terminal.
import { beforeAll, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { geminiJobs } from './job-agents.ts';
import { startGatewayJobs } from './job-rig.ts';

beforeAll(() => agentExecutable('gemini'), 600_000);

test('Gemini CLI on a terminal works for a person, who ends it, and not by itself', async () => {
  await using rig = await startGatewayJobs(geminiJobs);
  const alone: unknown = await rig.add('hi', { transport: 'pty' }).catch((error: unknown) => error);
  expect(String(alone)).toContain('On a terminal gemini does not tell when it has finished.');
  const { id } = await rig.add('[[say:all done]]', { transport: 'pty', interactive: true });
  // It reads no file outside of its folder without being allowed to.
  expect((await rig.reaches(id, 'waiting')).question).toContain('Trusting a folder');
  await rig.stint('job', 'answer', id, '1');
  // It says nothing, and its screen stays as it is.
  expect((await rig.reaches(id, 'waiting')).question).toContain('all done');
  await rig.stint('job', 'answer', id, '[[say:then I am glad]]');
  while (!((await rig.show(id)).question ?? '').includes('✦ then I am glad')) await Bun.sleep(200);
  const person = async (keys: string): Promise<unknown> => rig.call('job.type', { job: id, keys: btoa(keys) });
  await person('/quit');
  // The first Enter may take what it offers to complete.
  while ((await rig.show(id)).state === 'waiting') {
    await Bun.sleep(1000);
    await person('\r').catch(() => undefined);
  }
  expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, attempt: { exitCode: 0 } });
  // That a screen stands still takes a minute to see, each time.
}, 400_000);
