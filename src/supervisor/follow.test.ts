import { expect, test } from 'bun:test';
import { scripted } from '../../test/supervisor-rig.ts';
import { labelFrom } from '../../test/builders.ts';
import { asAttemptId, asJobId } from '../core/ids.ts';
import type { Attempt } from '../core/job/job.ts';
import { followAttempt } from './follow.ts';
import { nothingSpent } from '../core/job/stop.ts';

test('what an agent said before a restart counts from when it said so', async () => {
  const now = 9_000_000;
  const said = 2_000_000;
  const times: number[] = [];
  const attempt: Attempt = {
    ...{ id: asAttemptId('job1.1'), job: asJobId('job1'), number: 1, agent: 'claude', model: null },
    ...{ pool: labelFrom('work'), account: null, pid: 7, birth: 'b', startedAt: said, endedAt: null },
    ...{ exitCode: null, outcome: null, spent: nothingSpent, waitedMs: 0 },
  };
  const processes = {
    ended: () => Promise.resolve({ code: 1, at: null }),
    end: () => Promise.resolve(),
    living: () => Promise.resolve([1]),
    async *lines() {
      yield { channel: 'stdout', line: 'resets in 3 h', by: said } as const;
      yield { channel: 'stdout', line: 'a clock that was set back', by: now + 1 } as const;
    },
  };
  const mode: typeof scripted = {
    ...scripted,
    listen: (clock) => () => {
      times.push(clock());
      return [];
    },
  };
  const deps = { clock: () => now, apply: () => Promise.resolve(), tell: () => undefined, bug: () => undefined };
  const all = { ...deps, processes, accounts: { concluded: () => undefined } } as unknown as Parameters<
    typeof followAttempt
  >[0];
  await followAttempt(all, { attempt, mode }, new AbortController().signal);
  expect(times).toEqual([said, now]);
});
