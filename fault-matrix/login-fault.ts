import type { Column } from './column.ts';
import type { FaultRow, Strikes } from './fault.ts';

const dead: Strikes = {
  anthropic: { change: { login: { dead: true, ended: true } } },
  'openai key': { change: { revoked: true } },
  'openai plan': { change: { login: 'dead' } },
  google: { change: { revoked: true } },
};

/** The access token in the vault has ended before: its renewal fails, and nothing is sent. */
const renewsFirst = ({ family }: Column): boolean => family === 'openai plan';
const renewsFirstWhy =
  'Its access token has ended, and the renewal that comes before any request says that the login is dead.';

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
    expect: { first: 'a', second: 'a', a: 'open', b: 'open', sends: { a: 3, b: 0 } },
  },
  {
    title: '401, login or key dead',
    rule: 'A login that cannot be renewed, or a key that is revoked, needs a person: the account takes no more work, and the next one serves.',
    strikes: dead,
    on: 'a',
    expect: { first: 'b', second: 'b', a: 'needs login', b: 'open', sends: { a: 1, b: 2 } },
    exceptions: [{ in: renewsFirst, expect: { sends: { a: 0, b: 2 } }, why: renewsFirstWhy }],
  },
  {
    title: 'Every account: login or key dead',
    rule: 'The agent is told that nobody is logged in and how to mend it: a 403, since waiting does not help.',
    strikes: dead,
    on: 'both',
    expect: { first: 'error', second: 'error', a: 'needs login', b: 'needs login', sends: { a: 1, b: 1 }, status: 403 },
    exceptions: [
      { in: renewsFirst, expect: { sends: { a: 0, b: 0 } }, why: renewsFirstWhy },
      {
        in: ({ family }) => family.startsWith('openai'),
        expect: { status: 400 },
        why: 'Codex retries a 403 a dozen times; a 400 ends its turn with our words.',
      },
    ],
  },
];
