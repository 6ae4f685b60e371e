// The tools that Stint has for the agents of its jobs, with the genuine agents as clients.
import { beforeAll, describe, expect, test } from 'bun:test';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobView } from '../src/operations/job-view.ts';
import { makeCertificate } from '../test/certificate.ts';
import { agentExecutable, type AgentName } from './agent-executable.ts';
import { claudeJobs, codexJobs, geminiJobs } from './job-agents.ts';
import { startGatewayJobs, startProfileJobs, type JobRig } from './job-rig.ts';

/** What an agent calls a tool. */
const prefixes = { claude: 'mcp__stint-job__', codex: 'mcp__stint_job__', gemini: 'mcp_stint-job_' };

describe.each([claudeJobs, codexJobs])('the genuine $agent', (each) => {
  beforeAll(() => agentExecutable(each.agent), 600_000);

  test.each([
    ['through the gateway', startGatewayJobs],
    ['on a profile', startProfileJobs],
  ])(
    '%s reports, gives work to another job though there is one place, waits for it, and finishes',
    async (_, start) => {
      await using rig = await start(each);
      await sharesWork(rig, each.agent);
    },
  );

  test('asks the person, who answers on the command line, and runs commands as it is allowed to', async () => {
    await using rig = await startGatewayJobs(each);
    const { id } = await rig.add(
      `${script(each.agent, [
        ['ask_user', { question: 'Which of the two?' }],
        ['report_status', { status: 'You want: <<1.answer>>' }],
      ])} [[steps:3]]`,
    );
    expect(await rig.reaches(id, 'waiting')).toMatchObject({ question: 'Which of the two?' });
    await rig.stint('job', 'answer', id, 'the second');
    const job = await rig.reaches(id, 'done');
    expect(job).toMatchObject({ attempts: 1, report: 'You want: the second' });
    expect((await rig.logs(id)).some(({ kind, text }) => kind === 'tool' && text.includes('step 3'))).toBe(true);
  });

  test('does not lose its tools, nor its question, when the daemon is killed while it waits', async () => {
    await using rig = await startGatewayJobs(each);
    const question = 'Which of the two?';
    const { id } = await rig.add(
      script(each.agent, [
        ['ask_user', { question }],
        // The call above has failed with the daemon, and so may the next one, on a connection that was kept.
        ['ask_user', { question }],
        ['ask_user', { question }],
        ['finish_job', { result: 'You want: <<3.answer>>' }],
      ]),
    );
    await rig.reaches(id, 'waiting');
    await rig.killDaemon();
    await rig.up();
    expect(await rig.show(id)).toMatchObject({ state: 'waiting', question });
    await rig.stint('job', 'answer', id, 'the second');
    expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, result: 'You want: the second' });
  });
});

describe('the genuine gemini', () => {
  beforeAll(() => agentExecutable('gemini'), 600_000);

  // It has no `ask_user` without a terminal, whosever tool that is, and no tools of Stint's on a profile.
  test('through the gateway reports, gives work to another job, waits for it, and finishes', async () => {
    await using rig = await startGatewayJobs({ ...geminiJobs, args: [] });
    await sharesWork(rig, 'gemini');
  });
});

test('the genuine claude reaches its tools where the listener for agents speaks TLS with a certificate of its own', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  const { certFile, keyFile } = await makeCertificate(rig.folder);
  const config = join(rig.place.env['STINT_HOME'] ?? '', 'config.toml');
  await appendFile(config, `\n[agent.tls]\ncertFile = "${certFile}"\nkeyFile = "${keyFile}"\n`);
  await rig.killDaemon();
  await rig.up();
  const { id } = await rig.add(script('claude', [['report_status', { status: 'Over TLS.' }]]));
  expect(await rig.reaches(id, 'done')).toMatchObject({ attempts: 1, report: 'Over TLS.' });
});

test('the genuine codex keeps the server of its user beside that of Stint', async () => {
  await using rig = await startGatewayJobs(codexJobs);
  const token = await readFile(join(rig.place.env['STINT_HOME'] ?? '', 'token'), 'utf8');
  const own = `url = "http://127.0.0.1:${rig.ports.controlPort}/mcp"\nbearer_token_env_var = "OWN"\n`;
  await appendFile(join(rig.place.env['HOME'] ?? '', '.codex/config.toml'), `\n[mcp_servers.stint]\n${own}`);
  const calls = script('codex', [['report_status', { status: '<<1.version>>' }]]);
  const { id } = await rig.add(`[[tool:mcp__stint__daemon_status {}]] ${calls}`, {
    environment: { OWN: token.trim() },
  });
  expect((await rig.reaches(id, 'done')).report).toMatch(/^\d+\.\d+\.\d+/);
});

test('the genuine claude keeps the servers and allowed tools of its user beside those of Stint', async () => {
  await using rig = await startGatewayJobs(claudeJobs);
  const token = await readFile(join(rig.place.env['STINT_HOME'] ?? '', 'token'), 'utf8');
  const headers = { authorization: `Bearer ${token.trim()}` };
  const server = { type: 'http', url: `http://127.0.0.1:${rig.ports.controlPort}/mcp`, headers };
  const home = rig.place.env['HOME'] ?? '';
  await writeFile(join(home, '.claude.json'), JSON.stringify({ mcpServers: { stint: server } }));
  await writeFile(join(rig.folder, 'more.json'), JSON.stringify({ mcpServers: { more: server } }));
  const own = '[[tool:mcp__stint__daemon_status {}]] [[tool:mcp__more__daemon_status {}]]';
  const report = script('claude', [['report_status', { status: '<<1.version>> <<2.version>>' }]]);
  const { id } = await rig.add(`${own} ${report}`, {
    args: ['--mcp-config', join(rig.folder, 'more.json'), '--allowedTools', 'mcp__stint', 'mcp__more'],
  });
  const { report: told } = await rig.reaches(id, 'done');
  expect(told).toMatch(/^(\d+\.\d+\.\d+\S*) \1$/);
});

async function sharesWork(rig: JobRig, agent: AgentName): Promise<void> {
  await rig.call('config.set', { field: 'jobs.places', value: '1' });
  const calls = [
    ['report_status', { status: 'I begin.' }],
    ['create_job', { prompt: '[[say:The part is done.]]', title: 'a part' }],
    ['wait_for_jobs', { jobs: ['<<2.id>>'] }],
    ['finish_job', { result: 'All of it is done.' }],
  ] as const;
  const { id } = await rig.add(script(agent, calls));
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 1, report: 'I begin.', result: 'All of it is done.' });
  const { jobs } = (await rig.call('job.list', {})) as { jobs: JobView[] };
  const child = jobs.find(({ parent }) => parent === id);
  expect(child).toMatchObject({ title: 'a part', state: 'done', directory: job.directory, agent });
  expect(child?.result?.trim()).toBe('The part is done.');
}

type Calls = readonly (readonly [tool: string, input: object])[];

function script(agent: AgentName, calls: Calls): string {
  return `${calls.map(([name, input]) => `[[tool:${prefixes[agent]}${name} ${JSON.stringify(input)}]]`).join(' ')} go`;
}
