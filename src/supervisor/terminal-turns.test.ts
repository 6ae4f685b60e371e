import { expect, test } from 'bun:test';
import { countTimers } from '../../test/timers.ts';
import { labelFrom } from '../../test/builders.ts';
import type { AgentEvent } from '../agents/job-mode.ts';
import { asAttemptId, asJobId } from '../core/ids.ts';
import type { Attempt } from '../core/job/job.ts';
import type { JobEvent } from '../core/job/job-event.ts';
import { nothingSpent } from '../core/job/stop.ts';
import { TerminalTurns } from './terminal-turns.ts';

const attempt: Attempt = {
  ...{ id: asAttemptId('job1.1'), job: asJobId('job1'), number: 1, agent: 'claude', model: null },
  ...{ pool: labelFrom('work'), account: null, pid: 7, birth: 'b', startedAt: 0, endedAt: null },
  ...{ exitCode: null, outcome: null, spent: nothingSpent, waitedMs: 0 },
};

/** Turns of an agent that nobody talks with, and what came of them. */
function open(isAdopted = false) {
  const applied: JobEvent[] = [];
  const deps = {
    processes: { end: () => Promise.resolve(), terminal: () => Promise.resolve(undefined) },
    apply: async (event: JobEvent) => void applied.push(event),
    state: () => undefined,
    bug: (error: unknown) => expect(error).toBeUndefined(),
  };
  const heard = () => ({ result: null, error: null, limit: null });
  const modes = { interactive: false, silent: false, completion: false, isAdopted };
  return { applied, turns: new TerminalTurns(deps, { attempt, ...modes, heard, hear: () => Promise.resolve() }) };
}

const asks: AgentEvent = { kind: 'asks', question: 'May it?' };
const asked: JobEvent = { kind: 'asked', attempt: attempt.id, on: 'terminal', question: 'May it?' };
const going = { kind: 'going', attempt: attempt.id } as const;

test.each([
  ['its prompt', { kind: 'going' }, going],
  ['a question', asks, asked],
] as [string, AgentEvent, JobEvent][])('one that rests is left to itself until %s wakes it', async (_, event, met) => {
  using timers = countTimers();
  const { turns, applied } = open();
  await turns.hear({ kind: 'rests', text: 'it is started' }, false);
  // What it said before is read after its hook.
  await turns.hear({ kind: 'turn-completed' }, false);
  expect([timers.open, applied]).toEqual([1, []]);
  await turns.hear(event, false);
  expect([timers.open, applied]).toEqual([0, [met]]);
});

test('one that has gone on and asks already has taken what it was answered', async () => {
  const { turns, applied } = open();
  await turns.hear({ kind: 'going' }, true);
  await turns.hear(asks, false);
  expect(applied).toEqual([going, asked]);
});

test('of what was said before a restart only the last word counts, and it was asked before', async () => {
  const { turns, applied } = open(true);
  await turns.hear({ kind: 'going' }, true);
  await turns.hear(asks, false);
  expect(applied.splice(0)).toEqual([{ ...asked, again: true }]);
  await turns.hear({ kind: 'going' }, true);
  await turns.hear(asks, false);
  expect(applied).toEqual([going, asked]);
});
