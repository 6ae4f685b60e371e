import { expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { noRestarts } from '../core/job/restarts.ts';
import { dispatch } from './dispatch.ts';

const rung = { agent: 'claude', pool: labelFrom('work'), model: null, account: null };
const view = {
  ...{ jobs: [buildJob()], find: () => undefined, now: 1000, places: 1, random: () => 0, paused: null },
  resolve: () => ({ kind: 'rung', rung, isPreferred: true, tried: [] }) as const,
};

test('what is ready while nothing may be started is looked at again', () => {
  expect(dispatch({ ...view, paused: 'the disk is full' })).toEqual({ events: [], nextAt: 6000 });
  expect(dispatch(view).events).toHaveLength(1);
});

test('a rung that looked open twice and was not is left alone for its time, and no other is', () => {
  const tried = { ...noRestarts, tried: ['claude|work||opus', 'claude|work||'], againAt: 31_000 };
  const jobs = [buildJob({ restarts: tried })];
  expect(dispatch({ ...view, jobs })).toEqual({ events: [], nextAt: 31_000 });
  expect(dispatch({ ...view, jobs, now: 31_000 }).events).toHaveLength(1);
  const other = { ...rung, model: 'opus' };
  expect(dispatch({ ...view, jobs, resolve: () => ({ ...view.resolve(), rung: other }) }).events).toHaveLength(1);
});

test('a job that asks and finds its preferred rung closed before it began is asked about another, and waits for its own', () => {
  const job = buildJob();
  const jobs = [{ ...job, spec: { ...job.spec, asks: true } }];
  const resolve = () => ({ kind: 'rung', rung: { ...rung, model: 'haiku' }, isPreferred: false, tried: [] }) as const;
  expect(dispatch({ ...view, jobs, resolve }).events).toEqual([
    {
      job: job.id,
      event: {
        ...{ kind: 'asked', attempt: null },
        question: 'What it prefers is closed. It can go on with haiku of claude. Shall it go on?',
      },
    },
  ]);
  const closed = dispatch({ ...view, jobs, resolve: () => ({ kind: 'closed', tried: [] }) });
  expect(closed.events).toMatchObject([{ event: { kind: 'park' } }]);
});
