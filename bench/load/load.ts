import { join } from 'node:path';
import { endChild } from '../process/child.ts';

/** A load generator in its own process. */
export type Load<Run, Ran> = { readonly pid: number; run(run: Run): Promise<Ran>; stop(): Promise<void> };

/** Starts the generator that is this script below `bench`. */
export function startLoad<Run, Ran>(script: string): Load<Run, Ran> {
  let answered: ((ran: Ran) => void) | undefined;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '..', script)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    ipc: (ran: Ran) => answered?.(ran),
  });
  return {
    pid: child.pid,
    async run(run) {
      const { promise, resolve } = Promise.withResolvers<Ran>();
      answered = resolve;
      child.send(run);
      const lost = child.exited.then((code): never => {
        throw new Error(`the load generator ended with ${code}`);
      });
      return await Promise.race([promise, lost]);
    },
    stop: () => endChild(child),
  };
}
