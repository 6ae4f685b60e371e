// Jobs as tools, over a real supervisor.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openJobOperations, type JobRig } from '../../../test/job-rig.ts';
import { print } from '../../../test/supervisor-rig.ts';
import { asJobId } from '../../core/ids.ts';
import { operations } from '../../operations/registry.ts';
import { createMcpHttp, type McpHttp } from './http.ts';

let rig: JobRig;
let mcp: McpHttp;
let server: Bun.Server<undefined>;
let client: Client;

beforeAll(async () => {
  rig = await openJobOperations();
  const { context } = rig.operations;
  mcp = createMcpHttp({ operations, context, version: '1.2.3', bug: (error) => void rig.agents.bugs.push(error) });
  const caller = { surface: 'mcp', actor: 'token', scope: 'full' } as const;
  server = Bun.serve({ port: 0, fetch: (request) => mcp.handle(request, caller) });
  client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${server.port}/mcp`)));
});

afterAll(async () => {
  await client.close();
  await mcp.close();
  await server.stop(true);
  await rig[Symbol.asyncDispose]();
});

async function call(name: string, input: object): Promise<Record<string, unknown>> {
  const { structuredContent, content } = await client.callTool({ name, arguments: { ...input } });
  return (structuredContent ?? { content }) as Record<string, unknown>;
}

test('jobs are tools, but for their logs', async () => {
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name).filter((name) => name.startsWith('job_'));
  expect(names.toSorted()).toEqual(
    ['add', 'answer', 'cancel', 'list', 'park', 'resume', 'retry', 'show'].map((verb) => `job_${verb}`),
  );
});

test('a model adds a job with arguments and an environment, sees what became of it, and cancels it', async () => {
  const script = rig.script(
    `${print({ kind: 'turn-completed' })}printf '{"kind":"result","text":"CI is %s"}\\n' "$CI"`,
  );
  const job = { prompt: 'Say it.', directory: '/tmp', args: [script], environment: { CI: 'yes' } };
  const { id } = await call('job_add', job);
  await rig.agents.reaches(asJobId(String(id)), 'done');
  expect(await call('job_show', { job: id })).toMatchObject({ state: 'done', result: 'CI is yes', attempts: 1 });
  const later = await call('job_add', { ...job, scheduleAt: '2099-01-01T00:00:00Z' });
  expect(await call('job_cancel', { job: later['id'] })).toMatchObject({ state: 'cancelled' });
  expect(await call('job_list', { state: 'cancelled' })).toMatchObject({ jobs: [{ id: later['id'] }] });
});

test('a model is refused a secret for the environment, and told where else', async () => {
  const environment = { API_KEY: 'sk-test-0123456789abcdef' };
  const answer = JSON.stringify(await call('job_add', { prompt: 'x', directory: '/tmp', environment }));
  expect(answer).toContain('The value of API_KEY looks like a secret, which must not pass a chat or a model.');
  expect(answer).toContain('Add this job on the computer');
  expect(answer).not.toContain('0123456789abcdef');
});
