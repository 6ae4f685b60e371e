import { beforeAll, describe, expect, test } from 'bun:test';
import { agentExecutable } from './agent-executable.ts';
import { claudeJobs, codexJobs } from './job-agents.ts';
import { startGatewayJobs, type JobRig } from './job-rig.ts';

describe.each([claudeJobs, codexJobs])('the genuine $agent', (each) => {
  beforeAll(() => agentExecutable(each.agent), 600_000);

  test('reports, gives work to another job, waits for it, and says that it has finished', async () => {
    await using rig = await startGatewayJobs(each);
    await rig.call('config.set', { field: 'jobs.places', value: '1' });
    const { id } = await rig.add(
      script(
        ['report_status', { status: 'I begin.' }],
        ['create_job', { prompt: '[[say:The part is done.]]', title: 'a part' }],
        ['wait_for_jobs', { jobs: ['<<2.id>>'] }],
        ['finish_job', { result: 'All of it is done.' }],
      ),
    );
    const job = await rig.reaches(id, 'done');
    console.log(await rig.logs(id));
    expect(job).toMatchObject({ attempts: 1, report: 'I begin.', result: 'All of it is done.' });
    const child = (await jobsOf(rig)).find(({ parent }) => parent === id);
    expect(child).toMatchObject({ title: 'a part', state: 'done', directory: job.directory, agent: each.agent });
    expect(child?.result?.trim()).toBe('The part is done.');
  });
});

function script(...calls: readonly (readonly [string, object])[]): string {
  return `${calls.map(([name, input]) => `[[tool:mcp__stint__${name} ${JSON.stringify(input)}]]`).join(' ')} go`;
}

async function jobsOf(rig: JobRig) {
  const { jobs } = (await rig.call('job.list', {})) as { jobs: Awaited<ReturnType<JobRig['show']>>[] };
  return jobs;
}
