import { pause } from '../../lib/pause.ts';
import { isUnreachable, socketClient, type Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import { reachDaemon } from './connect.ts';
import type { GlobalOptions } from './options.ts';

const lookEveryMs = 250;

/** A daemon for commands that go on by themselves: it may stop and come back meanwhile. */
export type Lasting = {
  /** Asks the daemon; when it is gone, waits for it and asks again. Undefined when that was interrupted. */
  call(name: string, input: unknown): Promise<unknown>;
  /** The items of a stream, which goes on after each gap. */
  stream(name: string, wish: StreamWish): AsyncGenerator<unknown>;
};

export type StreamWish = {
  /** The input, asked for at the start and after each gap. */
  readonly from: () => object;
  /** Whether a stream that ended of itself has nothing more to say; absent for one without an end. */
  readonly isOver?: () => Promise<boolean>;
};

type Wish = {
  readonly options: GlobalOptions;
  readonly signal: AbortSignal;
  /** Called once for each time that the daemon goes, and when it is there again. */
  readonly tell: (news: 'gone' | 'back') => void;
};

/** Reaches the daemon, starting it where it does not run; one that is stopped later stays down. */
export async function reachLasting(cli: Cli, { options, signal, tell }: Wish): Promise<Lasting> {
  let client: Client = socketClient((await reachDaemon(cli, options)).controlSocket);
  let returning: Promise<void> | null = null;

  async function waitForReturn(): Promise<void> {
    // A stream may also end alone.
    if (await answers(client)) return pause(lookEveryMs, signal);
    if (signal.aborted) return;
    tell('gone');
    while (!signal.aborted) {
      await pause(lookEveryMs, signal);
      const found = await cli.host.findDaemon(options.home).catch(() => undefined);
      if (found?.kind !== 'serving') continue;
      const next = socketClient(found.controlSocket);
      // One that is about to end still has its files.
      if (!(await answers(next))) continue;
      client = next;
      return tell('back');
    }
  }

  const returned = async (): Promise<void> => {
    returning ??= waitForReturn().finally(() => {
      returning = null;
    });
    await returning;
  };

  return {
    async call(name, input) {
      while (!signal.aborted) {
        try {
          return await client.call(name, input, signal);
        } catch (error) {
          if (signal.aborted) return undefined;
          if (!isUnreachable(error)) throw error;
          await returned();
        }
      }
      return undefined;
    },
    async *stream(name, { from, isOver }) {
      while (!signal.aborted) {
        let isBroken = false;
        try {
          yield* client.stream(name, from(), signal);
        } catch (error) {
          if (!isUnreachable(error)) throw error;
          isBroken = true;
        }
        if (signal.aborted || (!isBroken && (await isOver?.()) === true)) return;
        await returned();
      }
    },
  };
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.call('daemon.status', {}, AbortSignal.timeout(2000));
    return true;
  } catch {
    return false;
  }
}
