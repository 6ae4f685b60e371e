import { asJobId } from '../src/core/ids.ts';
import type { Job } from '../src/core/job/job.ts';
import { noProgress } from '../src/core/job/progress.ts';
import { noRestarts } from '../src/core/job/restarts.ts';
import { noStop, nothingSpent } from '../src/core/job/stop.ts';
import { neverWatched } from '../src/core/watch/action.ts';
import { captured } from './builders.ts';

export { attemptOf } from '../src/core/job/state.ts';
export { labelFrom } from './builders.ts';

/** A job of Claude Code that was just accepted. */
export function buildJob(more: Partial<Job> = {}): Job {
  return {
    id: asJobId('job1'),
    spec: {
      title: 'Fix the tests',
      prompt: 'Fix the tests.',
      agent: 'claude',
      model: null,
      pool: null,
      directory: '/tmp',
      priority: 0,
      dependsOn: [],
      scheduleAt: null,
      repeatMs: null,
      ladder: { models: null, agents: [] },
      environment: {},
      args: [],
      nice: 0,
      asks: false,
      stop: noStop,
      transport: 'pipe',
      interactive: false,
      parent: null,
    },
    state: { kind: 'queued', notBefore: null, why: null },
    addedAt: captured,
    changedAt: captured,
    fence: 0,
    attempts: 0,
    conversation: null,
    restarts: noRestarts,
    handover: null,
    spent: nothingSpent,
    stopped: null,
    report: null,
    finished: null,
    watched: neverWatched,
    progress: noProgress,
    asked: [],
    ...more,
  };
}
