// The tools of a job's agent on a real daemon: where its token is good for something, and where not.
import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace } from '../../test/daemon-rig.ts';
import { soon } from '../../test/tool-rig.ts';
import type { JobView } from '../operations/job-view.ts';

const agent =
  '#!/bin/sh\necho "$STINT_MCP_URL $STINT_JOB_TOKEN" > reach.new; mv reach.new reach\nuntil [ -e end ]; do sleep 0.05; done; echo done';
const config = '[agents.mine]\ncommand = ["mine"]\nresult = "^done"\n';
const secret = 'sk-ant-api03-test-0123456789';

test('a token of a job opens its tools and nothing else, and nothing else opens them', async () => {
  await using place = openPlace();
  const [bin, work] = [join(place.folder, 'bin'), join(place.folder, 'work')];
  for (const each of [bin, work, place.home]) mkdirSync(each, { mode: 0o700 });
  writeFileSync(join(bin, 'mine'), agent, { mode: 0o755 });
  writeFileSync(join(place.home, 'config.toml'), config, { mode: 0o600 });
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const stint = (...args: string[]) => place.stint(args, { env });
  const added = await stint('job', 'add', 'Do it.', '--agent', 'mine', '--directory', work, '--json');
  const { id } = JSON.parse(added.stdout) as JobView;
  await soon(() => existsSync(join(work, 'reach')));
  const [url = '', token = ''] = readFileSync(join(work, 'reach'), 'utf8').trim().split(' ');
  const origin = (): { agent: string; control: string } => {
    const { agentUrl, controlUrl } = JSON.parse(place.read('daemon.json') ?? '{}') as Record<string, string>;
    return { agent: agentUrl ?? '', control: controlUrl ?? '' };
  };
  expect(url).toBe(`${origin().agent}/mcp`);
  expect(await report(url, token, 'I begin.')).toBe(200);
  expect(await show(id)).toMatchObject({ state: 'running', report: 'I begin.' });
  expect((await stint('job', 'list')).stdout).toContain('I begin.');

  await place.stint(['account', 'add', 'anthropic', 'work'], { stdin: secret });
  const phantom = JSON.parse((await stint('env', 'claude', '--json')).stdout) as {
    environment: Record<string, string>;
  };
  const others = [phantom.environment['ANTHROPIC_AUTH_TOKEN'] ?? '', place.read('token')?.trim() ?? '', ''];
  for (const other of others) expect(await report(url, other, 'not mine')).toBe(401);
  expect(await report(`${origin().control}/mcp`, token, 'not here')).toBe(401);
  expect(await report(`${origin().agent}/anthropic/v1/messages`, token, 'not here')).toBe(401);
  expect(await report(`${origin().agent}/mcp/more`, token, 'not here')).toBe(404);

  await stint('down');
  await stint('up', '--detach');
  expect(await report(`${origin().agent}/mcp`, token, 'After a restart.')).toBe(200);
  expect(await show(id)).toMatchObject({ state: 'running', attempts: 1, report: 'After a restart.' });
  await stint('config', 'set', 'jobs.tools', 'false');
  expect(await report(`${origin().agent}/mcp`, token, 'off')).toBe(403);
  await stint('config', 'set', 'jobs.tools', 'true');
  writeFileSync(join(work, 'end'), '');
  await stint('job', 'logs', id, '--follow');
  expect(await show(id)).toMatchObject({ state: 'done', report: 'After a restart.' });
  expect(await report(`${origin().agent}/mcp`, token, 'too late')).toBe(401);

  async function show(job: string): Promise<JobView> {
    return JSON.parse((await stint('job', 'show', job, '--json')).stdout) as JobView;
  }
}, 60_000);

/** Calls report_status, as a client of MCP does, and returns the status of the answer. */
async function report(url: string, token: string, status: string): Promise<number> {
  const params = { name: 'report_status', arguments: { status } };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  await response.text();
  return response.status;
}
