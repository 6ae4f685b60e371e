import { expect, test } from 'bun:test';
import type { Heard } from './outcome.ts';
import { terminalOutcomeOf, type TerminalEnd } from './terminal-outcome.ts';

const nothing: Heard = {
  ...{ result: null, error: null, limit: null },
  stderr: { failure: 'unknown', detail: '', until: null },
};
const said: Heard = { ...nothing, result: 'ok' };
const limited: Heard = { ...nothing, limit: { detail: 'used up', until: null } };
const failed: Heard = { ...nothing, error: { failure: 'task', detail: 'too long', until: null } };
const alone: TerminalEnd = { exitCode: 0, lost: false, interactive: false, silent: false };
const talk: TerminalEnd = { ...alone, interactive: true };
const crash = { kind: 'failed', failure: 'crash' } as const;

test.each<[string, Heard, TerminalEnd, object]>([
  ['that was ended after its turn is done', said, { ...alone, exitCode: 143 }, { kind: 'done', result: 'ok' }],
  ['that was killed after its turn is done', said, { ...alone, exitCode: null }, { kind: 'done', result: 'ok' }],
  ['that said nothing is not done', nothing, alone, { kind: 'failed', failure: 'unknown' }],
  ['whose turn failed has failed', failed, alone, { kind: 'failed', failure: 'task', detail: 'too long' }],
  ['that met a limit has met it', limited, { ...alone, exitCode: 143 }, { kind: 'failed', failure: 'window' }],
  ['whose terminal is lost was stopped', nothing, { ...alone, exitCode: null, lost: true }, { kind: 'stopped' }],
  ['whose terminal is lost after its turn is done', said, { ...alone, exitCode: null, lost: true }, { kind: 'done' }],
  ['that a person ended after a turn is done', said, talk, { kind: 'done', result: 'ok' }],
  ['that a person ended before a turn is not', nothing, talk, { kind: 'failed', failure: 'unknown' }],
  ['that crashed while a person thought is not done', said, { ...talk, exitCode: 1 }, crash],
  ['that was killed while a person thought is not done', said, { ...talk, exitCode: null }, crash],
  ['whose terminal is lost while a person thought', said, { ...talk, exitCode: null, lost: true }, { kind: 'stopped' }],
  ['that tells of no turns is done when a person ends it', nothing, { ...talk, silent: true }, { kind: 'done' }],
  ['that a person ended after an error has failed', failed, talk, { kind: 'failed', failure: 'task' }],
])('one on a terminal %s', (_, heard, end, outcome) => {
  expect(terminalOutcomeOf(heard, end)).toMatchObject(outcome);
});
