import type { Exception, FaultRow, Strikes } from './fault.ts';

const overloaded: Strikes = {
  anthropic: { fault: { kind: 'overloaded' } },
  'openai key': { fault: { kind: 'overloaded' } },
  'openai plan': { fault: { kind: 'overloaded' } },
  google: { fault: { kind: 'unavailable' } },
};

/** The same at every provider. */
function everywhere(fault: SameFault, socket?: Strikes['socket']): Strikes {
  const strikes = { anthropic: { fault }, 'openai key': { fault }, 'openai plan': { fault }, google: { fault } };
  return socket === undefined ? strikes : { ...strikes, socket };
}

type SameFault = {
  readonly kind:
    | 'internal'
    | 'bad_gateway_html'
    | 'invalid_request'
    | 'cut_before_head'
    | 'cut_mid'
    | 'truncated_json'
    | 'hang_before_head'
    | 'stall_mid'
    | 'garbage_body'
    | 'huge_header';
  readonly pauseMs?: number;
};

const hopped = { first: 'b', second: 'b', a: 'open', b: 'open' } as const;

const endsByError: Exception = {
  in: ({ title }) => title === 'Gemini, streamed (SSE)',
  expect: { first: 'error' },
  why: 'A broken stream ends the session of Gemini CLI; for an error in it, it asks again.',
};

/** A provider, or a network, in trouble. */
export const serverFaults: readonly FaultRow[] = [
  {
    title: '529 or 503, once',
    rule: 'The provider has no capacity for a moment: one repetition on the same account, nothing closes.',
    strikes: overloaded,
    on: 'once',
    expect: { first: 'a', second: 'a', a: 'open', b: 'open', sends: { a: 3, b: 0 } },
  },
  {
    title: '529 or 503, at every account',
    rule: 'One repetition, one hop, then the provider’s own answer: more sends would only make it worse, and nothing closes.',
    strikes: overloaded,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'open', b: 'open', sends: { a: 3, b: 3 } },
  },
  {
    title: '500',
    rule: 'Like a lack of capacity: one repetition on the same account, then one hop.',
    strikes: everywhere({ kind: 'internal' }),
    on: 'a',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: '502 with a page in place of an error',
    rule: 'What stands before the provider failed, not the account: like a 500.',
    strikes: everywhere({ kind: 'bad_gateway_html' }),
    on: 'a',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: '400, the request itself is wrong',
    rule: 'Every account would refuse it: it is delivered at once, moves nothing and closes nothing.',
    strikes: everywhere({ kind: 'invalid_request' }),
    on: 'a',
    expect: { first: 'error', second: 'error', a: 'open', b: 'open', sends: { a: 2, b: 0 }, status: 400 },
  },
  {
    title: 'An error inside a 200, before content',
    rule: 'The gate holds neutral events back until content, so that such an error fails over like one with a status of its own.',
    strikes: {
      anthropic: { fault: { kind: 'error_event_before_content' } },
      'openai key': { fault: { kind: 'failed_before_content' } },
      'openai plan': { fault: { kind: 'failed_before_content' } },
      google: { fault: { kind: 'error_event_before_content' } },
    },
    on: 'a',
    ways: ['streamed', 'socket'],
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: 'An error after content',
    rule: 'After the first byte of content nothing is sent a second time: the agent gets the error and asks again by itself.',
    strikes: {
      anthropic: { fault: { kind: 'error_event_mid' } },
      'openai key': { fault: { kind: 'failed_mid' } },
      'openai plan': { fault: { kind: 'failed_mid' } },
      google: { fault: { kind: 'error_event_mid' } },
    },
    on: 'once',
    ways: ['streamed', 'socket'],
    expect: { first: 'error', second: 'a', a: 'open', b: 'open', sends: { a: 2, b: 0 } },
  },
  {
    title: 'The connection cut before an answer',
    rule: 'No byte has come: one repetition on the same account, then one hop. Three such failures in a row rest the account for ten seconds.',
    strikes: everywhere({ kind: 'cut_before_head' }),
    on: 'a',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: 'A stream cut in the middle',
    rule: 'The agent’s stream breaks as well, never ends as if it were complete: it notices, and asks again.',
    strikes: everywhere({ kind: 'cut_mid', pauseMs: 600 }),
    on: 'once',
    ways: ['streamed', 'socket'],
    expect: { first: 'broken', second: 'a', a: 'open', b: 'open', sends: { a: 2, b: 0 } },
    exceptions: [endsByError],
  },
  {
    title: 'An answer in one piece cut in the middle',
    rule: 'The agent has seen nothing of it yet, so that it is repeated like a connection cut before the answer.',
    strikes: everywhere({ kind: 'truncated_json' }),
    on: 'once',
    ways: ['whole'],
    expect: { first: 'a', second: 'a', a: 'open', b: 'open', sends: { a: 3, b: 0 } },
  },
  {
    title: 'No answer at all',
    rule: 'The time allowed for an answer’s head ends the wait, then as with a connection that was cut.',
    strikes: everywhere({ kind: 'hang_before_head' }),
    on: 'a',
    silent: 'before',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: 'Silence in the middle of a stream',
    rule: 'The time allowed for silence ends the wait, and the agent’s stream ends like one that was cut.',
    strikes: everywhere({ kind: 'stall_mid' }),
    on: 'once',
    ways: ['streamed', 'socket'],
    silent: 'after',
    expect: { first: 'broken', second: 'a', a: 'open', b: 'open', sends: { a: 2, b: 0 } },
    exceptions: [endsByError],
  },
  {
    title: 'A body of garbage',
    rule: 'What is no answer in the protocol is a failure of the network: one repetition, one hop.',
    strikes: everywhere({ kind: 'garbage_body' }, { fault: { kind: 'garbled_frame' } }),
    on: 'a',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
  {
    title: 'A head of 300 kB',
    rule: 'What has nothing but such a head is no answer either.',
    strikes: everywhere({ kind: 'huge_header' }, { fault: { kind: 'huge_header', on: 'upgrade' } }),
    on: 'a',
    expect: { ...hopped, sends: { a: 2, b: 2 } },
  },
];
