import type { Exchange, Headers } from '../http/exchange.ts';
import type { Credential } from './credential.ts';
import { limitHeaders } from './limit-headers.ts';
import type { SimulatorState } from './state.ts';

/** One authenticated request. */
export interface Call {
  readonly exchange: Exchange;
  readonly state: SimulatorState;
  readonly credential: Credential;
  readonly requestId: string;
  /** Epoch ms. */
  readonly now: number;
}

/** The headers of an answer that was served. */
export function servedHeaders({ credential, now, requestId }: Call): Headers {
  const own: Headers =
    credential.kind === 'plan'
      ? [['x-codex-turn-state', `turn-state-${credential.accountId}-${requestId}`]]
      : [
          ['openai-organization', credential.organization],
          ['openai-version', '2020-10-01'],
        ];
  return [...limitHeaders(credential, now), ...own, ['openai-processing-ms', '12'], ['x-request-id', requestId]];
}
