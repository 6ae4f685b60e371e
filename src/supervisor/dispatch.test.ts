import { expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { dispatch } from './dispatch.ts';

test('what is ready while nothing may be started is looked at again', () => {
  const rung = { agent: 'claude', pool: labelFrom('work'), model: null, account: null };
  const view = {
    ...{ jobs: [buildJob()], find: () => undefined, now: 1000, places: 1, random: () => 0 },
    resolve: () => ({ kind: 'rung', rung, isPreferred: true }) as const,
  };
  expect(dispatch({ ...view, paused: 'the disk is full' })).toEqual({ events: [], nextAt: 6000 });
  expect(dispatch({ ...view, paused: null }).events).toHaveLength(1);
});
