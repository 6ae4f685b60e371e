import type { FaultRow, Strikes } from './fault.ts';

const dead: Strikes = {
  anthropic: { change: { login: { dead: true, ended: true } } },
  'openai key': { change: { revoked: true } },
  'openai plan': { change: { login: 'dead' } },
  google: { change: { revoked: true } },
};

/** Credentials that the provider refuses. */
export const loginFaults: readonly FaultRow[] = [
  {
    title: '401, access token expired',
    rule: 'The login is renewed once and the request sent again on the same account; the agent notices nothing. API keys do not expire.',
    strikes: {
      anthropic: { fault: { kind: 'expired_token' } },
      'openai key': null,
      'openai plan': { fault: { kind: 'token_expired' } },
      google: null,
    },
    on: 'once',
    expect: { first: 'a', second: 'a', a: 'open', b: 'open', most: { a: 3, b: 0 } },
  },
  {
    title: '401, login or key dead',
    rule: 'A login that cannot be renewed, or a key that is revoked, needs a person: the account takes no more work, and the next one serves.',
    strikes: dead,
    on: 'a',
    expect: { first: 'b', second: 'b', a: 'needs login', b: 'open', most: { a: 1, b: 2 } },
  },
  {
    title: 'Every account: login or key dead',
    rule: 'The agent is told that nobody is logged in and how to mend it: a 403, since waiting does not help.',
    strikes: dead,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'needs login', b: 'needs login', most: { a: 1, b: 1 }, status: 403 },
  },
];
