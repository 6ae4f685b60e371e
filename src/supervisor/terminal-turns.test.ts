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

test.each([
  ['its prompt', { kind: 'going' }, ['going']],
  ['a question', { kind: 'asks', question: 'May it?' }, ['asked']],
] as [string, AgentEvent, JobEvent['kind'][]][])(
  'one that rests is left to itself until %s wakes it',
  async (_, event, kinds) => {
    using timers = countTimers();
    const applied: JobEvent['kind'][] = [];
    const deps = {
      processes: { end: () => Promise.resolve(), terminal: () => Promise.resolve(undefined) },
      apply: async ({ kind }: JobEvent) => void applied.push(kind),
      bug: (error: unknown) => expect(error).toBeUndefined(),
    };
    const heard = () => ({ result: null, error: null, limit: null });
    const watched = { attempt, interactive: false, completion: false, heard, hear: () => Promise.resolve() };
    const turns = new TerminalTurns(deps, watched);
    await turns.hear({ kind: 'rests', text: 'it is started' }, false);
    // What it said before is read after its hook.
    await turns.hear({ kind: 'turn-completed' }, false);
    expect([timers.open, applied]).toEqual([1, []]);
    await turns.hear(event, false);
    expect([timers.open, applied]).toEqual([0, kinds]);
  },
);
