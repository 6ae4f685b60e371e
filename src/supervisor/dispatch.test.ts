import { describe, expect, test } from 'bun:test';
import { labelFrom } from '../../test/builders.ts';
import { buildJob } from '../../test/job-builder.ts';
import { asJobId } from '../core/ids.ts';
import { noRestarts } from '../core/job/restarts.ts';
import { noStop, nothingSpent } from '../core/job/stop.ts';
import { dispatch } from './dispatch.ts';

const rung = { agent: 'claude', pool: labelFrom('work'), model: null, account: null };
const view = {
  ...{
    jobs: [buildJob()],
    find: () => undefined,
    now: 1000,
    places: 1,
    random: () => 0,
    paused: null,
    takesPlace: () => false,
  },
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

describe('a job that has to save its work', () => {
  const { spec } = buildJob();
  const stopped = { by: 'time', detail: 'It has reached its time.', at: 1, words: null } as const;
  const why = { kind: 'queued', notBefore: null, why: stopped.detail } as const;
  const saving = buildJob({ stopped, state: why, spec: { ...spec, asks: true } });

  test('goes before whatever has a higher priority, and asks nobody', () => {
    const other = buildJob({ id: asJobId('other'), spec: { ...spec, priority: 9 } });
    const resolve = () => ({ kind: 'rung', rung: { ...rung, model: 'haiku' }, isPreferred: false, tried: [] }) as const;
    expect(dispatch({ ...view, jobs: [other, saving], resolve }).events).toMatchObject([
      { job: saving.id, event: { kind: 'dispatched' } },
    ]);
  });

  test('does so now or not at all', () => {
    const skipped = [{ job: saving.id, event: { kind: 'wrap-up-skipped' } }] as const;
    const closed = () => ({ kind: 'closed', tried: [] }) as const;
    expect(dispatch({ ...view, jobs: [saving], resolve: closed }).events).toEqual(skipped);
    const restarts = { ...noRestarts, tried: ['claude|work||', 'claude|work||'], againAt: 31_000 };
    expect(dispatch({ ...view, jobs: [{ ...saving, restarts }] }).events).toEqual(skipped);
  });

  test('is first told so, and does not start in the meantime', () => {
    const counted = { ...nothingSpent, turns: 5 };
    const job = buildJob({ spec: { ...spec, stop: { ...noStop, turns: 5 } } });
    const spent = { ...job, progress: { ...job.progress, counted } };
    expect(dispatch({ ...view, jobs: [spent] })).toEqual({ events: [], nextAt: null });
  });
});
