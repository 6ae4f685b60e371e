import { beforeAll, expect, test } from 'bun:test';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { agentExecutable } from './agent-executable.ts';
import { claudeJobs, codexJobs } from './job-agents.ts';
import { startGatewayJobs } from './job-rig.ts';

beforeAll(() => Promise.all([agentExecutable('claude'), agentExecutable('codex')]), 600_000);

test('a job of Claude Code that finds every account closed is taken over by Codex, which is given what was done', async () => {
  await using codex = await codexJobs.open(0);
  await using rig = await startGatewayJobs(claudeJobs, { holdSeconds: 0 });
  await symlink(await agentExecutable('codex'), join(rig.folder, 'bin', 'codex'));
  for (const [path, text] of Object.entries(codex.files)) await Bun.write(join(rig.folder, 'home', path), text);
  const { provider, url: baseUrl } = codex;
  await rig.call('account.add', { provider, label: 'a', secret: codex.secret('a'), baseUrl });
  rig.world.limit('a', { skip: 2, resetInSeconds: 3600 });
  rig.world.limit('b', { skip: 0, resetInSeconds: 3600 });

  const { id } = await rig.add('[[steps:3]] go', { fallbackAgents: ['codex'], models: [] });
  const job = await rig.reaches(id, 'done');
  expect(job).toMatchObject({ attempts: 2, agent: 'claude', attempt: { agent: 'codex', pool: 'openai', model: null } });
  expect(job.result).toContain('Hello from openai as a.');

  const folder = join(rig.place.env['STINT_HOME'] ?? '', 'attempts', `${id}.2`);
  const prompt = await Bun.file(join(folder, 'prompt')).text();
  expect(prompt).toStartWith('[[steps:3]] go\n\nAn earlier attempt was interrupted.');
  expect(prompt).toContain(`What was said and done up to now is in the file ${join(folder, 'transcript.md')}.`);
  const transcript = await Bun.file(join(folder, 'transcript.md')).text();
  expect(transcript).toContain('## Attempt 1, by claude');
  expect(transcript).toContain('echo step 1');
  expect(transcript).toContain('echo step 2');
  expect(transcript).not.toContain('echo step 3');
  const logs = await rig.logs(id);
  expect(logs.filter(({ attempt, kind }) => attempt === 2 && kind === 'tool')).toHaveLength(3);
});
