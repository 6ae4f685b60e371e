import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeenRequest } from '../src/simulator/provider/request-log.ts';
import { temporaryFolder } from '../test/temp-folder.ts';
import type { AgentName } from './agent-executable.ts';
import { startStage, type Stage } from './stage.ts';
import type { Ended, Environment, Running } from './stint.ts';

/** What a headless run of any of the agents printed, as a reader of its stream takes it. */
export type ProfileReading = Ended & {
  /** What the commands that it ran printed, in order. */
  readonly tools: readonly string[];
  /** What the model said last. */
  readonly said: string;
  /** How each turn of the stream ended; a good stream has one. */
  readonly ends: readonly ('success' | 'error')[];
  /** Conversations that the stream speaks of. */
  readonly sessions: readonly string[];
};

/** An agent, its provider, and how it is logged in there as the CLI itself does it. */
export type World = AsyncDisposable & {
  readonly provider: string;
  readonly requests: readonly SeenRequest[];
  /** Whether a request is one for content. */
  readonly content: (request: SeenRequest) => boolean;
  /** Lets the n-th and every later request of an account, or the n-th alone, meet its limit, which ends in an hour. */
  limit(credential: string, skip: number, times?: 1 | 'always'): void;
  /** Settings of the person's own, by their paths in the home folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** The files of a login, by their paths in the profile. */
  login(label: string): Readonly<Record<string, string>>;
};

/** One of the agents whose profiles are tested alike. */
export type ProfileAgent = {
  readonly agent: AgentName;
  /** Opens its provider with the logins `a`, `b` and `c`, and with so long between the words that its model says. */
  readonly open: (folder: string, deltaDelayMs?: number) => Promise<World>;
  /** A headless turn; of a conversation that exists, where one is named. */
  readonly args: (prompt: string, session?: string) => readonly string[];
  readonly read: (ended: Ended) => ProfileReading;
  /** The window that `limit` closes, as `status` names it. */
  readonly window: string;
  /** The code with which it ends when it meets a limit and nobody goes on, and the ends in its stream. */
  readonly limitCode: number;
  readonly limitEnds: ProfileReading['ends'];
};

/** An agent that is logged in as `a` and `b`, in profiles of the pool `team`, and as `c`, in one that is not of it. */
export type ProfileRig = Stage & {
  readonly world: World;
  /** Runs the agent headless on a prompt to its end; of a conversation that exists, where one is named. */
  run(prompt: string, session?: string): Promise<ProfileReading>;
  /** Starts the same in the background. */
  begin(prompt: string): Running;
  /** The requests for content as the provider saw them: `account status`. */
  traffic(): string[];
  /** The files of a profile that have a conversation's id in their names or in their text. */
  traces(label: string, session: string): Promise<string[]>;
};

export async function startProfileRig(
  { agent, open, args, read }: ProfileAgent,
  { share = true }: { readonly share?: boolean } = {},
): Promise<ProfileRig> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder()).path;
  const world = opened.use(await open(folder));
  const { provider, files, environment } = world;
  const stage = opened.use(await startStage({ agent, files, env: () => environment }));
  for (const label of ['a', 'b', 'c']) {
    for (const [path, text] of Object.entries(world.login(label))) await Bun.write(join(folder, label, path), text);
    await stage.call('account.add', { provider, label, profile: join(folder, label) });
  }
  await stage.call('pool.create', { pool: 'team', accounts: ['a', 'b'] });
  if (share) await stage.call('pool.set', { pool: 'team', shareSessions: true });
  const begin = (...given: Parameters<typeof args>): Running => stage.start('--pool', 'team', agent, ...args(...given));
  const resources = opened.move();
  return {
    ...stage,
    world,
    begin,
    run: async (...given) => read(await begin(...given).ended),
    traffic: () => world.requests.filter(world.content).map(({ credential, status }) => `${credential} ${status}`),
    async traces(label, session) {
      const paths = await readdir(join(folder, label), { recursive: true });
      const texts = await Promise.all(paths.map((path) => textOf(join(folder, label, path))));
      return paths.filter((path, index) => path.includes(session) || texts[index]?.includes(session));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Empty for a folder, and for a program that an agent has put there. */
async function textOf(path: string): Promise<string> {
  const file = Bun.file(path);
  if (file.size > 5_000_000) return '';
  return file.text().catch(() => '');
}
