import { beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { agentExecutable } from './agent-executable.ts';
import { claudeJobs, codexJobs, geminiJobs } from './job-agents.ts';
import { startGatewayJobs, type JobRig } from './job-rig.ts';

beforeAll(() => Promise.all((['claude', 'codex', 'gemini'] as const).map(agentExecutable)), 600_000);

test('a job of Claude Code is stopped after its turns, saves its work in the same conversation, and is done', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  const { id } = await rig.add('[[steps:200]] go', { turns: 3 });
  const after = await rig.add('[[say:after it]]', { dependsOn: [id] });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({
    ...{ attempts: 2, stopped: { by: 'turns', detail: 'It has reached its limit of 3 turns (3 taken).' } },
    attempt: { outcome: 'done', exitCode: 0 },
  });
  // That of the attempt that saves the work as well, and one that was on its way.
  expect(job.spent.turns).toBeGreaterThanOrEqual(4);
  expect(job.result).toStartWith('It has reached its limit of 3 turns (3 taken).\n\nHello from anthropic');
  expect(job.result).toMatch(/I remember [2-9] prompts: "You have to stop here/);
  const logs = await rig.logs(id);
  const steps = logs.filter(({ kind }) => kind === 'tool').map(({ attempt }) => attempt);
  // The next answer may be on its way when it is stopped.
  expect(steps.length).toBeGreaterThanOrEqual(3);
  expect(new Set(steps)).toEqual(new Set([1]));
  const sessions = logs.filter(({ kind }) => kind === 'session').map(({ text }) => text);
  expect(new Set(sessions)).toEqual(new Set([job.session ?? '']));
  expect(await promptOf(rig, id, 2)).toStartWith('You have to stop here, for your task has a limit.');
  expect((await rig.reaches(after.id, 'done')).result).toContain('after it');
});

test('a job of Claude Code is stopped when it has cost its budget, after one warning', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  // An answer of it costs about six cents there.
  const { id } = await rig.add('[[steps:200]] go', { budget: 0.6 });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 2, stopped: { by: 'budget' }, attempt: { outcome: 'done' } });
  expect(job.result).toStartWith('It has reached its budget of $0.60 ($0.');
  // What it spent to save its work is told, and counts for nothing.
  expect(job.spent.cost).toBeGreaterThanOrEqual(0.6);
  expect(job.spent.inputTokens).toBeGreaterThanOrEqual(200_000);
  const { records } = (await rig.call('audit.list', {})) as { records: { kind: string; subject: string }[] };
  const kinds = records.filter(({ subject }) => subject === id).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === 'job.warned' || kind === 'job.stopped').toSorted()).toEqual([
    'job.stopped',
    'job.warned',
  ]);
});

test('a job of Claude Code is stopped when its time is over, also where the daemon was killed meanwhile', async () => {
  await using rig = await startGatewayJobs(claudeJobs, { deltaDelayMs: 100 });
  const seconds = 8;
  const { id } = await rig.add('[[words:100000]]', { time: seconds });
  while (rig.world.traffic().length === 0) await Bun.sleep(50);
  await rig.killDaemon();
  await rig.up();
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 2, stopped: { by: 'time' }, attempt: { outcome: 'done' } });
  expect(job.result).toStartWith('It has reached its time of 8s (');
  expect(job.result).toMatch(/I remember [2-9] prompts: "You have to stop here/);
  expect(job.spent.time).toBeGreaterThanOrEqual(seconds);
});

test('a job of Claude Code that its agent has to call finished is gone on with when a turn ends', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  const { id } = await rig.add('[[say:I think that is all.]]', { completion: true, turns: 3 });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 4, stopped: { by: 'turns' }, spent: { turns: 4 } });
  for (const attempt of [2, 3])
    expect(await promptOf(rig, id, attempt)).toContain('You ended your turn without finish_job: go on with the task');
  const results = (await rig.logs(id)).filter(({ kind }) => kind === 'result');
  expect(results.slice(0, 3).map(({ text }) => text)).toEqual(Array(3).fill('I think that is all.'));
});

test('a job of Claude Code that its agent has to call finished is done with the result that it gives to finish_job', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  const finish = `[[tool:mcp__stint-job__finish_job ${JSON.stringify({ result: 'All of it is done.' })}]]`;
  const { id } = await rig.add(`${finish} go`, { completion: true, turns: 20 });
  const job = await rig.reaches(id, 'done');
  // The end of its turn alone would have been gone on with.
  expect(job).toMatchObject({
    ...{ attempts: 1, result: 'All of it is done.', stopped: null },
    ...{ attempt: { outcome: 'done' }, stop: { completion: true, turns: 20 } },
  });
});

test.each([
  ['Codex', codexJobs],
  ['Gemini CLI', geminiJobs],
] as const)('a job of %s is stopped after its turns as well, and its work is saved', async (_, each) => {
  await using rig = await startGatewayJobs(each);
  const { id } = await rig.add('[[steps:200]] go', { turns: 3 });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 2, stopped: { by: 'turns' }, attempt: { outcome: 'done' } });
  expect(job.result).toMatch(
    /^It has reached its limit of 3 turns [^]*I remember [2-9] prompts?: "You have to stop here/,
  );
  expect(job.spent.turns).toBeGreaterThanOrEqual(4);
});

test('what Codex tells of its whole thread counts once, however often that is gone on with', async () => {
  await using rig = await startGatewayJobs(codexJobs);
  const { id } = await rig.add('[[say:I think that is all.]]', { completion: true, turns: 3 });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 4, spent: { turns: 4, cost: null } });
  const completed: number[] = [];
  for (const attempt of [1, 2, 3, 4]) {
    const lines = (await Bun.file(fileOf(rig, `${id}.${attempt}`, 'stdout')).text()).trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { usage: { input_tokens: number } };
    completed.push(last.usage.input_tokens);
  }
  expect(completed).toEqual(completed.toSorted((a, b) => a - b));
  expect(job.spent.inputTokens).toBe(completed.at(-1) ?? 0);
  expect(job.attempt?.spent.inputTokens).toBe((completed[3] ?? 0) - (completed[2] ?? 0));
});

function fileOf(rig: JobRig, attempt: string, name: string): string {
  return join(rig.place.env['STINT_HOME'] ?? '', 'attempts', attempt, name);
}

function promptOf(rig: JobRig, id: string, attempt: number): Promise<string> {
  return Bun.file(fileOf(rig, `${id}.${attempt}`, 'prompt')).text();
}
