import type { EpochMs } from '../core/time.ts';
import type { Client } from '../operations/client.ts';
import type { SeenRequest } from '../simulator/provider/request-log.ts';
import type { DemoEvent } from './event.ts';
import type { DemoProvider } from './provider/provider.ts';
import type { StatusView } from '../operations/shape.ts';

/** What the demo has seen up to now, on both sides of the daemon. */
export type Watch = {
  /** Asks the daemon for its status, and says what happened since the last look, in order. */
  look(): Promise<DemoEvent[]>;
  readonly status: StatusView | undefined;
  /** Label of the account that served last. */
  readonly current: string | null;
  readonly held: boolean;
};

/** Watches the daemon by its status, and the provider by the requests that reached it. */
export function watch(client: Client, provider: DemoProvider, requests: readonly SeenRequest[]): Watch {
  let status: StatusView | undefined;
  let current: string | null = null;
  let holdSince: EpochMs | null = null;
  let lastHold = 0;
  let read = 0;
  const reported = new Set<string>();

  return {
    get status() {
      return status;
    },
    get current() {
      return current;
    },
    get held() {
      return holdSince !== null;
    },
    async look() {
      // In this order: a limit is in the status before the request that it moves arrives on the next account.
      const arrived = requests.length;
      const seen = (await client.call('daemon.status', { model: provider.model })) as StatusView;
      status = seen;
      const events = [...newLimits(seen), ...newHold(seen), ...newRequests(arrived)];
      return events.toSorted((a, b) => a.at - b.at);
    },
  };

  function newLimits({ accounts }: StatusView): DemoEvent[] {
    return accounts.flatMap(({ label, limits }) =>
      limits.flatMap(({ window, family, until, observedAt }): DemoEvent[] => {
        const key = `${label} ${window} ${family} ${until}`;
        if (reported.has(key)) return [];
        reported.add(key);
        return [{ kind: 'limit', at: observedAt, account: label, window, family, until }];
      }),
    );
  }

  function newHold({ daemon, accounts, pools }: StatusView): DemoEvent[] {
    const next = pools[0]?.next[0];
    // A wait has other reasons too, such as an account that takes one request at a time after a move.
    if (next?.kind !== 'wait' || next.until === null || next.skipped.some(({ reason }) => reason !== 'closed'))
      return [];
    const since = Math.max(...accounts.flatMap(({ limits }) => limits.map(({ observedAt }) => observedAt)));
    if (since <= lastHold || daemon.activeRequests === 0) return [];
    lastHold = since;
    holdSince = since;
    const first = next.skipped.find(({ until }) => until === next.until);
    const opensFirst = first === undefined ? 'one' : labelOf(first.account);
    return [{ kind: 'hold-started', at: since, until: next.until, opensFirst }];
  }

  function newRequests(arrived: number): DemoEvent[] {
    const events: DemoEvent[] = [];
    for (; read < arrived; read += 1) {
      const request = requests[read];
      if (request === undefined || (request.status === null && !request.aborted)) break;
      events.push(...requestEvents(request));
    }
    return events;
  }

  function requestEvents({ at, path, credential, status: answered }: SeenRequest): DemoEvent[] {
    if (!provider.asksModel(path) || credential === null || answered === null) return [];
    const events: DemoEvent[] = [];
    if (holdSince !== null && at > holdSince) {
      events.push({ kind: 'hold-ended', at, heldMs: at - holdSince, account: credential });
      holdSince = null;
    }
    if (answered >= 500) events.push({ kind: 'overload', at, account: credential, status: answered });
    if (answered === 200) {
      if (current !== null && current !== credential) events.push({ kind: 'moved', at, from: current, to: credential });
      current = credential;
    }
    return events;
  }
}

/** The label in an account's id. */
function labelOf(account: string): string {
  return account.slice(account.indexOf('/') + 1);
}
