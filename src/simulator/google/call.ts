import type { Exchange } from '../http/exchange.ts';
import type { Credential } from './credential.ts';
import type { Endpoint } from './endpoint.ts';
import type { GoogleFault } from './fault.ts';
import type { GoogleState } from './state.ts';

/** One authenticated request. */
export interface Call {
  readonly exchange: Exchange;
  readonly state: GoogleState;
  readonly endpoint: Endpoint;
  readonly credential: Credential;
  readonly model: string;
  readonly now: number;
  /** Whether an error is sent as an element of an array. */
  readonly inArray: boolean;
  /** A fault of the answer itself; others were met before. */
  readonly fault: GoogleFault | undefined;
}
