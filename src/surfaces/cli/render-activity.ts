import { formatDuration } from '../../core/time.ts';
import type { RequestView, SessionView } from '../../operations/shape.ts';
import type { Look } from './render.ts';

type Activity = {
  readonly accounts: readonly {
    readonly account: string;
    readonly inFlight: number;
    readonly requests: readonly RequestView[];
    readonly sessions: readonly SessionView[];
    readonly sessionCount: number;
  }[];
  readonly waiting: readonly RequestView[];
};

/** What each account is doing now. */
export function renderActivity({ accounts, waiting }: Activity, look: Look): string {
  const busy = accounts.flatMap(({ account, inFlight, requests, sessions, sessionCount }) => [
    `${look.terminal.style('bold', account)}  ${inFlight} in flight, ${sessionCount} ${sessionCount === 1 ? 'session' : 'sessions'}`,
    ...requests.map((each) => requestLine(each, look)),
    ...sessions.map(({ id, pool, seenAt }) => `  session ${id} of pool ${pool}, seen ${ago(seenAt, look)}`),
  ]);
  const held =
    waiting.length === 0 ? [] : ['Waiting for an account', ...waiting.map((each) => requestLine(each, look))];
  return [...busy, ...held].join('\n') || 'No accounts yet. Add one with: stint account add anthropic work';
}

function requestLine({ model, path, pool, since, streamed, held, heldUntil }: RequestView, look: Look): string {
  const waits = !held || heldUntil === null ? '' : `, held for at most ${formatDuration(heldUntil - look.now)} more`;
  const how = streamed ? ', streamed' : '';
  return `  request for ${model ?? path} of pool ${pool}, ${formatDuration(look.now - since)} old${how}${waits}`;
}

function ago(at: number, { now }: Look): string {
  return `${formatDuration(now - at)} ago`;
}
