import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { parseJson } from '../lib/parse-json.ts';
import { readHomeFile, writeHomeFile } from './home-file.ts';
import type { Home } from './open-home.ts';

const daemonSchema = z.object({
  pid: z.int().positive(),
  version: z.string(),
  /** Of the operations and their answers; a Stint of before did not say. */
  protocol: z.int().default(0),
  startedAt: z.int(),
  controlPort: z.int(),
  agentPort: z.int(),
  /** Where somebody on this machine reaches them: `http://127.0.0.1:4600`; a Stint of before did not say. */
  controlUrl: z.string().default(''),
  agentUrl: z.string().default(''),
  /** The Unix socket on which commands reach the daemon. */
  controlSocket: z.string(),
});

/** How to reach the daemon of a home: what it listens on. */
export type DaemonFile = z.infer<typeof daemonSchema>;

export async function writeDaemonFile(home: Home, daemon: DaemonFile): Promise<void> {
  await writeHomeFile(home.daemon, `${JSON.stringify(daemon, null, 2)}\n`);
}

/**
 * What the daemon said of itself when it was ready; undefined when it has not said it. A killed daemon leaves it
 * behind: `readHolder` knows whether it still runs.
 */
export async function readDaemonFile(home: Home): Promise<DaemonFile | undefined> {
  const text = await readHomeFile(home.daemon);
  if (text === undefined) return undefined;
  const parsed = daemonSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Problem('unavailable', `${home.daemon} is damaged.`, {
    hint: `End the daemon with: kill $(cat '${home.pid}'), and start it again`,
    cause: parsed.error,
  });
}
