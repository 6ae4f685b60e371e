import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { socketClient } from '../src/operations/client.ts';
import type { DaemonFile } from '../src/home/daemon-file.ts';
import type { JobView } from '../src/operations/job-view.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import type { AgentName } from './agent-executable.ts';
import { profileAgents } from './profile-agents.ts';
import type { World } from './profile-rig.ts';
import { startStage, type Stage } from './stage.ts';
import type { Environment } from './stint.ts';

/** A provider with the accounts `a` and `b`, as the gateway uses them. */
export type GatewayWorld = AsyncDisposable & {
  readonly provider: string;
  readonly secret: (label: string) => string;
  readonly url: string;
  /** Lets the request of an account after so many meet its limit, which ends so many seconds later. */
  limit(credential: string, limit: { readonly skip: number; readonly resetInSeconds: number }): void;
  /** The requests for content as the provider saw them: `account status`. */
  traffic(): string[];
  readonly files: Readonly<Record<string, string>>;
};

/** What is an agent's own about its jobs. */
export type JobAgent = {
  readonly agent: AgentName;
  /** With so long between the words that its model says. */
  readonly open: (deltaDelayMs: number) => Promise<GatewayWorld>;
  /** Arguments of the agent's own, with which it may run commands. */
  readonly args: readonly string[];
  readonly model?: string;
  readonly environment: Environment;
};

export type JobRig = Stage & {
  /** Adds a job that works in a folder of its own. */
  add(prompt: string, more?: object): Promise<JobView>;
  show(id: string): Promise<JobView>;
  /** Waits until a job is in a state; fails at once where it has ended in another. */
  reaches(id: string, state: JobView['state']): Promise<JobView>;
  /** What its agents did and said, a line each: `1 tool …`. */
  logs(id: string): Promise<readonly Logged[]>;
};
export type Logged = { readonly attempt: number; readonly kind: string; readonly text: string };

const lookMs = 100;
const ended: readonly string[] = ['done', 'failed', 'blocked', 'cancelled'];

function withJobs(stage: Stage, { agent, args, model, environment }: JobAgent): JobRig {
  const show = async (id: string): Promise<JobView> => (await stage.call('job.show', { job: id })) as JobView;
  return {
    ...stage,
    show,
    async add(prompt, more = {}) {
      const wish = { agent, args, environment, ...(model === undefined ? {} : { model }) };
      return (await stage.call('job.add', { ...wish, prompt, directory: stage.place.cwd, ...more })) as JobView;
    },
    async reaches(id, state) {
      for (;;) {
        const job = await show(id);
        if (job.state === state) return job;
        if (ended.includes(job.state)) throw new Error(`the job is ${job.state}: ${JSON.stringify(job, null, 1)}`);
        await Bun.sleep(lookMs);
      }
    },
    async logs(id) {
      const home = stage.place.env['STINT_HOME'] ?? '';
      const { controlSocket } = JSON.parse(await readFile(join(home, 'daemon.json'), 'utf8')) as DaemonFile;
      const lines: Logged[] = [];
      const { signal } = new AbortController();
      const stream = socketClient(controlSocket).stream('job.logs', { job: id }, signal);
      for await (const line of stream) lines.push(line as Logged);
      return lines;
    },
  };
}

/** A daemon with accounts of the agent's provider, which the gateway uses. */
export async function startGatewayJobs(
  each: JobAgent,
  { holdSeconds = 240, deltaDelayMs = 0 }: { readonly holdSeconds?: number; readonly deltaDelayMs?: number } = {},
): Promise<JobRig & { readonly world: GatewayWorld }> {
  await using opened = new AsyncDisposableStack();
  const world = opened.use(await each.open(deltaDelayMs));
  const stage = opened.use(await startStage({ agent: each.agent, files: world.files }));
  await stage.call('config.set', { field: 'gateway.holdSeconds', value: String(holdSeconds) });
  const { provider, url: baseUrl } = world;
  for (const label of ['a', 'b'])
    await stage.call('account.add', { provider, label, secret: world.secret(label), baseUrl });
  const resources = opened.move();
  return { ...withJobs(stage, each), world, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/** A daemon with login directories of the agent, `a` and `b`, which share their conversations. */
export async function startProfileJobs(
  each: JobAgent,
  { deltaDelayMs = 0 }: { readonly deltaDelayMs?: number } = {},
): Promise<JobRig & { readonly world: World }> {
  const profile = profileAgents.find(({ agent }) => agent === each.agent);
  if (profile === undefined) throw new Error(`${each.agent} has no profiles`);
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder()).path;
  const world = opened.use(await profile.open(folder, deltaDelayMs));
  const stage = opened.use(await startStage({ agent: each.agent, files: world.files }));
  for (const label of ['a', 'b']) {
    await mkdir(join(folder, label));
    for (const [path, text] of Object.entries(world.login(label))) await Bun.write(join(folder, label, path), text);
    await stage.call('account.add', { provider: world.provider, label, profile: join(folder, label) });
  }
  await stage.call('pool.set', { pool: world.provider, shareSessions: true });
  const resources = opened.move();
  const agent = { ...each, environment: { ...each.environment, ...world.environment } };
  return { ...withJobs(stage, agent), world, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
