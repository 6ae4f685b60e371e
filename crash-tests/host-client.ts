import { join } from 'node:path';
import type { Command, HostOptions } from './host.ts';

export type HostClient = {
  readonly pid: number;
  /** Null where the host died before it answered; rejects with what the host refused. */
  ask<Answer>(command: Command): Promise<{ readonly value: Answer } | null>;
  readonly exited: Promise<number>;
  hasDied(): boolean;
  kill(signal: NodeJS.Signals): void;
};

/** Why a host does not start: `conflict` where another holds the home. */
class Refused extends Error {}
/** The supervisor refused what it was asked. */
export class Declined extends Error {}

/** Resolves when the host answers commands, or has died at its point before that. */
export async function startHost(options: HostOptions): Promise<HostClient> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'host.ts'), JSON.stringify(options)], {
    ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  });
  const waiting = new Map<number, (line: { value?: unknown; error?: string } | null) => void>();
  let dead = false;
  let count = 0;
  const ready = Promise.withResolvers<void>();
  ready.promise.catch(() => undefined);
  const exited = (async () => {
    for await (const line of linesOf(child.stdout)) {
      const told = JSON.parse(line) as { n?: number; value?: unknown; error?: string; ready?: true; refused?: string };
      if (told.ready === true) ready.resolve();
      if (told.refused !== undefined) ready.reject(new Refused(told.refused));
      waiting.get(told.n ?? -1)?.(told);
    }
    const code = await child.exited;
    dead = true;
    ready.resolve();
    for (const answer of waiting.values()) answer(null);
    return code;
  })();
  await ready.promise;
  return {
    pid: child.pid,
    exited,
    hasDied: () => dead,
    kill: (signal) => child.kill(signal),
    async ask<Answer>(command: Command) {
      if (dead) return null;
      const n = (count += 1);
      const told = await new Promise<{ value?: unknown; error?: string } | null>((resolve) => {
        waiting.set(n, resolve);
        // One that dies in this moment is told by its exit.
        const write = async (): Promise<void> => {
          await child.stdin.write(`${JSON.stringify({ n, ...command })}\n`);
          await child.stdin.flush();
        };
        write().catch(() => undefined);
      });
      waiting.delete(n);
      if (told?.error !== undefined) throw new Declined(told.error);
      return told === null ? null : { value: told.value as Answer };
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.startsWith('{'));
  }
}
