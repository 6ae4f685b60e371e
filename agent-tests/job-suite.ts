import { beforeAll, describe, expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { agentExecutable } from './agent-executable.ts';
import { startGatewayJobs, startProfileJobs, type JobAgent, type JobRig } from './job-rig.ts';

/** What every agent has to survive when it works on a job. */
export function describeJobs(each: JobAgent): void {
  beforeAll(() => agentExecutable(each.agent), 600_000);

  describe(`a job of ${each.agent}`, () => {
    test('does not notice that its account meets its limit in mid-turn', async () => {
      await using rig = await startGatewayJobs(each);
      rig.world.limit('a', { skip: 2, resetInSeconds: 3600 });
      const { id } = await rig.add('[[steps:4]] go');
      const job = await rig.reaches(id, 'done');
      expect(job).toMatchObject({ attempts: 1, attempt: { account: null, exitCode: 0, outcome: 'done' } });
      expect(job.result).toContain('as b.');
      expect(job.result).toContain('4 steps done.');
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2', '1 step 3', '1 step 4']);
      // Codex asks once more without what only the other account can read.
      const traffic = rig.world.traffic().filter((each) => each !== 'b 400');
      expect(traffic).toEqual(['a 200', 'a 200', 'a 429', 'b 200', 'b 200', 'b 200']);
    });

    test('outlives a kill -9 of the daemon while it works', async () => {
      await using rig = await startGatewayJobs(each, { deltaDelayMs: 80 });
      const { id } = await rig.add(`[[steps:2]] [[say:${words}]]`);
      while (rig.world.traffic().length < 3) await Bun.sleep(50);
      const before = await rig.show(id);
      const { pid = null } = before.attempt ?? {};
      await rig.killDaemon();
      // Linux alone shows it.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      expect(environment).not.toContain(rig.world.secret('a'));
      expect(environment).not.toMatch(/STINT_(HOME|CONTROL_PORT|AGENT_PORT)=/);
      await rig.up();
      const job = await rig.reaches(id, 'done');
      expect(job).toMatchObject({ attempts: 1, attempt: { pid, exitCode: 0 } });
      expect(job.result?.trim()).toBe(words);
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2']);
    });

    test('is parked while its pool is closed, outlives a kill -9 of the daemon there, and goes on', async () => {
      await using rig = await startGatewayJobs(each, { holdSeconds: 0 });
      const closedSeconds = 20;
      rig.world.limit('a', { skip: 2, resetInSeconds: closedSeconds });
      rig.world.limit('b', { skip: 0, resetInSeconds: closedSeconds });
      const startedAt = Date.now();
      // Claude Code would wait for so short a time by itself.
      const { id } = await rig.add('[[steps:4]] go', {
        environment: { ...each.environment, CLAUDE_CODE_MAX_RETRIES: '0' },
      });
      const parked = await rig.reaches(id, 'parked');
      expect(parked.why).toContain('parked');
      expect((parked.dueAt ?? 0) - startedAt).toBeWithin(closedSeconds * 1000, closedSeconds * 2000);
      await rig.killDaemon();
      await rig.up();
      expect(await rig.show(id)).toMatchObject({ state: 'parked', dueAt: parked.dueAt, session: parked.session });
      const job = await rig.reaches(id, 'done');
      expect(job.changedAt).toBeGreaterThanOrEqual(parked.dueAt ?? Infinity);
      expect(job).toMatchObject({ attempts: 2, session: parked.session, attempt: { exitCode: 0, outcome: 'done' } });
      expect(job.result).toContain('4 steps done.');
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2', '2 step 3', '2 step 4']);
    });

    test('on a profile has its conversation gone on with in that of the next account, each step once', async () => {
      await using rig = await startProfileJobs(each);
      rig.world.limit('a', 2);
      const { id } = await rig.add('[[steps:4]] go');
      const job = await rig.reaches(id, 'done');
      const { provider } = rig.world;
      expect(job).toMatchObject({ attempts: 2, attempt: { account: `${provider}/b`, exitCode: 0, outcome: 'done' } });
      expect(job.result).toContain('as b.');
      expect(job.result).toContain('4 steps done.');
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2', '2 step 3', '2 step 4']);
      const sessions = (await rig.logs(id)).filter(({ kind }) => kind === 'session').map(({ text }) => text);
      expect(new Set(sessions)).toEqual(new Set([job.session ?? '']));
    });

    test('on a profile outlives a kill -9 of the daemon while it works', async () => {
      await using rig = await startProfileJobs(each, { deltaDelayMs: 80 });
      const { id } = await rig.add(`[[steps:2]] [[say:${words}]]`);
      const asked = (): number => rig.world.requests.filter(rig.world.content).length;
      while (asked() < 3) await Bun.sleep(50);
      const before = await rig.show(id);
      const { pid = null } = before.attempt ?? {};
      await rig.killDaemon();
      await rig.up();
      const job = await rig.reaches(id, 'done');
      const { provider } = rig.world;
      expect(job).toMatchObject({ attempts: 1, attempt: { pid, account: `${provider}/a`, exitCode: 0 } });
      expect(job.result?.trim()).toBe(words);
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2']);
    });

    test('on a profile outlives a kill -9 of the daemon while it is parked, and goes on when its limit is cleared', async () => {
      await using rig = await startProfileJobs(each);
      const [a, b] = ['a', 'b'].map((label) => `${rig.world.provider}/${label}`);
      await rig.call('limit.set', { account: b, for: '2h' });
      rig.world.limit('a', 2, 1);
      const { id } = await rig.add('[[steps:4]] go');
      const parked = await rig.reaches(id, 'parked');
      await rig.killDaemon();
      await rig.up();
      expect(await rig.show(id)).toMatchObject({ state: 'parked', dueAt: parked.dueAt, session: parked.session });
      await rig.call('limit.clear', { account: a });
      const job = await rig.reaches(id, 'done');
      expect(job).toMatchObject({
        ...{ attempts: 2, session: parked.session },
        attempt: { account: a, exitCode: 0, outcome: 'done' },
      });
      expect(job.result).toContain('4 steps done.');
      expect(await stepsOf(rig, id)).toEqual(['1 step 1', '1 step 2', '2 step 3', '2 step 4']);
    });
  });
}

/** A long answer; the same word again and again would be a loop to Gemini CLI. */
const words = Array.from({ length: 30 }, (_, number) => `word${number * number}`).join(' ');

/** The steps in the order in which the attempts began them: `2 step 3`. */
async function stepsOf(rig: JobRig, id: string): Promise<string[]> {
  const tools = (await rig.logs(id)).filter(({ kind }) => kind === 'tool');
  return tools.map(({ attempt, text }) => `${attempt} ${/step \d+/.exec(text)?.[0] ?? text}`);
}
