// Tools of agents over HTTP, for jobs of a real supervisor whose agents are shell scripts that wait for the test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { AgentTool } from '../src/agent-tools/tool.ts';
import type { AttemptId } from '../src/core/ids.ts';
import type { Job, JobSpec } from '../src/core/job/job.ts';
import { attemptOf, isSettled } from '../src/core/job/state.ts';
import { openJobTools, toolAccess } from '../src/daemon/job-tools.ts';
import { openOperations, type OperationRig } from './operation-rig.ts';
import { jobsOf } from './job-rig.ts';
import { finish, openSupervisor, type SupervisorRig } from './supervisor-rig.ts';

export type ToolAnswer = { readonly isError: boolean; readonly text: string; readonly output: never };

/** A job with an agent that lives until it is told to end, and what that agent has to use its tools. */
export type Worker = {
  readonly job: Job;
  readonly attempt: AttemptId;
  readonly token: string;
  readonly client: Client;
  call(tool: string, input?: object): Promise<ToolAnswer>;
};

export type ToolRig = AsyncDisposable & {
  readonly agents: SupervisorRig;
  readonly operations: OperationRig;
  readonly url: string;
  readonly bugs: unknown[];
  isOn: boolean;
  work(more?: Partial<JobSpec>): Promise<Worker>;
  /** The agent of a job that was made by another one. */
  workerOf(id: string): Promise<Worker>;
  /** Lets the present agent of a job end. */
  end(id: Job['id']): Promise<Job>;
  connect(token: string): Promise<Client>;
  /** As a restart of the daemon: its agents live on. */
  restart(): Promise<void>;
};

/** An agent that ends once there is a file of its name. */
const waiting = (folder: string): string =>
  `until [ -e "${folder}/end-$STINT_ATTEMPT" ]; do sleep 0.02; done\n${finish('the agent’s own words')}`;

export async function openTools({
  waitMs = 20_000,
  tools,
}: { readonly waitMs?: number; readonly tools?: readonly AgentTool[] } = {}): Promise<ToolRig> {
  await using opened = new AsyncDisposableStack();
  const tokens = new Map<AttemptId, string>();
  const settled: (job: Job['id']) => void = () => undefined;
  const state = { isOn: true, jobSettled: settled };
  const bugs: unknown[] = [];
  const server = Bun.serve({ port: 0, development: false, idleTimeout: 0, fetch: (request) => mcp.handle(request) });
  opened.defer(() => server.stop(true));
  const url = `http://127.0.0.1:${server.port}`;
  const agents = opened.use(
    await openSupervisor(['a', 'b'], {
      tools: (folder) => {
        const access = toolAccess({ folder, url: () => url, isOn: () => state.isOn });
        return {
          async grant(attempt) {
            const granted = await access.grant(attempt);
            if (granted !== null) tokens.set(attempt, granted.token);
            return granted;
          },
        };
      },
      changed: (before, after) => {
        if (before !== null && !isSettled(before) && isSettled(after)) state.jobSettled(after.id);
      },
    }),
  );
  const operations = opened.use(await openOperations({ jobs: jobsOf(agents) }));
  await operations.add('a', 'b');
  let clients: Client[] = [];
  let parts = new AsyncDisposableStack();
  const open = async () => {
    const { supervisor, store, folder } = agents;
    const given = { store, supervisor, context: operations.context, clock: () => agents.now, version: '1.2.3', waitMs };
    const job = await openJobTools(parts, {
      ...{ ...given, folder: join(folder, 'attempts'), isOn: () => state.isOn, bug: (error) => void bugs.push(error) },
      ...(tools === undefined ? {} : { tools }),
    });
    state.jobSettled = job.jobSettled;
    return job.mcp;
  };
  let mcp = await open();
  opened.defer(async () => {
    await mcp.close();
    for (const client of clients) await client.close();
    await parts.disposeAsync();
  });

  const connect = async (token: string): Promise<Client> => {
    const client = new Client({ name: 'test', version: '1' });
    clients = [...clients, client];
    const headers = { authorization: `Bearer ${token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }));
    return client;
  };
  const workerOf = async (id: string): Promise<Worker> => {
    const job = await agents.reaches(id as Job['id'], 'running', 'waiting');
    const attempt = attemptOf(job) as AttemptId;
    const token = tokens.get(attempt) ?? '';
    const client = await connect(token);
    const call: Worker['call'] = async (name, input = {}) => {
      const answer = await client.callTool({ name, arguments: { ...input } });
      const [first] = answer.content as { text: string }[];
      const output = answer.structuredContent as never;
      return { isError: answer.isError === true, text: first?.text ?? '', output };
    };
    return { job, attempt, token, client, call };
  };
  const resources = opened.move();
  return {
    ...{ agents, operations, url, bugs, connect, workerOf },
    get isOn() {
      return state.isOn;
    },
    set isOn(value) {
      state.isOn = value;
    },
    work: async (more = {}) => workerOf((await agents.add(waiting(agents.folder), more)).id),
    async end(id) {
      const attempt = attemptOf(agents.supervisor.find(id) as Job) as AttemptId;
      writeFileSync(join(agents.folder, `end-${attempt}`), '');
      return agents.supervisor.until(id, (job) => attemptOf(job) !== attempt);
    },
    async restart() {
      await mcp.close();
      await parts.disposeAsync();
      parts = new AsyncDisposableStack();
      await agents.restart();
      mcp = await open();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Resolves once something is so: what happens between a client and its server has no event in a test. */
export async function soon(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
