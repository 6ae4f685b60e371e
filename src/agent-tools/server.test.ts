import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { openTools } from '../../test/tool-rig.ts';
import { jobAdd } from '../operations/job.ts';
import { issuePhantom } from '../book/phantoms.ts';
import { asProviderId } from '../core/ids.ts';
import { labelFrom } from '../../test/builders.ts';
import { reportStatus } from './report-status.ts';
import { agentTools } from './registry.ts';
import { agentTool } from './tool.ts';

describe('every tool', () => {
  test('is shown with the schema by which its handler reads what it is given', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const { tools } = await worker.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(agentTools.map(({ name }) => name));
    for (const { name, inputSchema, outputSchema } of tools) {
      const tool = agentTools.find((each) => each.name === name);
      expect(inputSchema as unknown).toEqual(z.toJSONSchema(tool?.input ?? z.never(), { io: 'input' }) as unknown);
      expect(outputSchema as unknown).toEqual(z.toJSONSchema(tool?.output ?? z.never()) as unknown);
      const stray = await worker.call(name, { [`no-${name}`]: 1, ...wholeOf(inputSchema.required ?? []) });
      expect([stray.isError, stray.text]).toEqual([true, expect.stringContaining(`has no field no-${name}`)]);
      for (const field of inputSchema.required ?? []) {
        const { [field]: _, ...rest } = wholeOf(inputSchema.required ?? []);
        const missing = await worker.call(name, rest);
        expect([missing.isError, missing.text]).toEqual([true, expect.stringContaining(`${field} is missing`)]);
      }
    }
    expect(rig.bugs).toEqual([]);
  });

  test('for creating a job takes every field of job.add', () => {
    const create = agentTools.find(({ name }) => name === 'create_job');
    expect(Object.keys(create?.input.shape ?? {}).toSorted()).toEqual(Object.keys(jobAdd.input.shape).toSorted());
  });

  test('that throws is an answer, after which the same client calls another one', async () => {
    const broken = agentTool({
      ...{ name: 'broken', title: 'Break', description: 'Meets a bug.', effect: 'read' },
      ...{ input: z.object({}), output: z.object({}) },
      run: () => Promise.reject(new Error('a bug that quotes a-secret')),
    });
    const thrown = agentTool({
      ...{ name: 'thrown', title: 'Break', description: 'Meets a bug at once.', effect: 'read' },
      ...{ input: z.object({}), output: z.object({}) },
      run: () => {
        throw new Error('another bug');
      },
    });
    await using rig = await openTools({ tools: [broken, thrown, reportStatus] });
    const worker = await rig.work();
    for (const name of ['broken', 'thrown']) {
      const answer = await worker.call(name);
      expect(answer.isError).toBe(true);
      expect(answer.text).not.toContain('bug');
    }
    expect((await worker.call('report_status', { status: 'I live.' })).output as unknown).toEqual({ reported: true });
    expect(rig.bugs.map(String)).toEqual(['Error: a bug that quotes a-secret', 'Error: another bug']);
  });
});

describe('a token', () => {
  test('is of one attempt, as long as that is the present one of its job', async () => {
    await using rig = await openTools();
    const [one, other] = [await rig.work(), await rig.work()];
    await one.call('report_status', { status: 'I am one.' });
    await other.call('report_status', { status: 'I am the other.' });
    const { supervisor } = rig.agents;
    expect([one, other].map(({ job }) => supervisor.find(job.id)?.report)).toEqual(['I am one.', 'I am the other.']);
    await rig.end(one.job.id);
    expect(await statusOf(rig.url, one.token)).toBe(401);
    expect(await statusOf(rig.url, other.token)).toBe(200);
    const renamed = other.token.replace(other.attempt, one.attempt);
    expect(await statusOf(rig.url, renamed)).toBe(401);
  });

  test('of an attempt before is refused in one sentence while the job goes on with another', async () => {
    await using rig = await openTools();
    const before = await rig.work();
    await rig.agents.supervisor.park(before.job.id, 'not now');
    await rig.agents.supervisor.resume(before.job.id);
    const now = await rig.workerOf(before.job.id);
    expect(now.attempt).not.toBe(before.attempt);
    const response = await ask(rig.url, before.token);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await response.json()).toMatchObject({
      error: { message: 'This token is of no agent that works on a job now.' },
    });
    expect(await statusOf(rig.url, now.token)).toBe(200);
  });

  test('survives a restart of the daemon, which the client does not notice', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    await worker.call('report_status', { status: 'Before.' });
    await rig.restart();
    expect((await worker.call('report_status', { status: 'After.' })).isError).toBe(false);
    expect(rig.agents.supervisor.find(worker.job.id)).toMatchObject({ report: 'After.', attempts: 1 });
  });

  test('is nothing else: neither a phantom, nor none, nor a form of its own', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    const wish = {
      provider: asProviderId('anthropic'),
      pool: labelFrom('anthropic'),
      origin: 'env',
      holdMs: 0,
    } as const;
    const { token: phantom } = await issuePhantom(rig.agents.book, wish);
    for (const token of [phantom, '', 'x', `${worker.token}x`, worker.token.slice(0, -1), 'stjob_../../x.1_'])
      expect(await statusOf(rig.url, token)).toBe(401);
    expect(await statusOf(rig.url, worker.token)).toBe(200);
  });

  test('is nowhere on the disk, and is no argument', async () => {
    await using rig = await openTools();
    const { token } = await rig.work();
    const secret = token.slice(token.lastIndexOf('.') + 3);
    const found = Bun.spawnSync(['grep', '-rlF', secret, rig.agents.folder]).stdout.toString();
    expect(found).toBe('');
    expect(Bun.spawnSync(['ps', '-eo', 'args']).stdout.toString()).not.toContain(token);
  });
});

describe('the server', () => {
  test('says that agents have no tools where they are switched off, and new attempts get none', async () => {
    await using rig = await openTools();
    const worker = await rig.work();
    rig.isOn = false;
    const response = await ask(rig.url, worker.token);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('jobs.tools is off')]);
    const other = await rig.agents.add('echo "url=$STINT_MCP_URL" > "$NOTES/url"');
    await rig.agents.supervisor.until(
      other.id,
      ({ attempts, state }) => attempts === 1 && state.kind !== 'starting' && state.kind !== 'running',
    );
    expect(rig.agents.read('url')).toBe('url=\n');
  });

  test('tells the agent its address and token in the environment', async () => {
    await using rig = await openTools();
    const job = await rig.agents.add('echo "$STINT_MCP_URL $STINT_JOB_TOKEN" > "$NOTES/reach"; exit 1');
    await rig.agents.supervisor.until(job.id, ({ state }) => state.kind === 'queued' && state.notBefore !== null);
    const reach = rig.agents.read('reach');
    expect(reach).toStartWith(`${rig.url}/mcp stjob_${job.id}.1_`);
    // What is random may hold a `_` as well.
    expect(reach).toMatch(/_[\w-]{22}\n$/);
  });
});

/** Something for each field that has to be there. */
function wholeOf(fields: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = { jobs: ['x'], files: ['x'], action: 'list' };
  return Object.fromEntries(fields.map((field) => [field, values[field] ?? 'words']));
}

function ask(url: string, token: string): Promise<Response> {
  const headers = {
    ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    accept: 'application/json, text/event-stream',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
  return fetch(`${url}/mcp`, { method: 'POST', headers, body });
}

async function statusOf(url: string, token: string): Promise<number> {
  const response = await ask(url, token);
  await response.text();
  return response.status;
}
