import { describe, expect, test } from 'bun:test';
import { buildJob } from '../../../test/job-builder.ts';
import { asJobId } from '../ids.ts';
import type { Job } from './job.ts';
import { lineageOf, mostGenerations, mostLiving, rootOf, treeOf, whyNoMore } from './tree.ts';

const child = (id: string, parent: string | null, more: Partial<Job> = {}): Job => {
  const job = buildJob(more);
  return { ...job, id: asJobId(id), spec: { ...job.spec, parent: parent === null ? null : asJobId(parent) } };
};
const chain = (length: number): Job[] =>
  Array.from({ length }, (_, index) => child(`job${index}`, index === 0 ? null : `job${index - 1}`));
const finder = (jobs: readonly Job[]) => (id: string) => jobs.find((each) => each.id === id);

describe('a tree of jobs', () => {
  test('begins with the job that nobody else has made', () => {
    const jobs = chain(3);
    const last = jobs[2] as Job;
    expect(rootOf(last, finder(jobs))).toBe(asJobId('job0'));
    expect(lineageOf(last, finder(jobs)).map(({ id }) => id as string)).toEqual(['job2', 'job1', 'job0']);
  });

  test('has all that the same job began, and nothing of another tree', () => {
    const jobs = [...chain(2), child('other', null), child('sibling', 'job0')];
    expect(treeOf(jobs[1] as Job, jobs).map(({ id }) => id as string)).toEqual(['job0', 'job1', 'sibling']);
  });

  test('begins with whoever is left where the first is forgotten', () => {
    const orphan = child('job1', 'gone');
    expect(rootOf(orphan, finder([orphan]))).toBe(orphan.id);
  });

  test('ends with its last generation', () => {
    const jobs = chain(mostGenerations);
    expect(whyNoMore(jobs.at(-2) as Job, jobs)).toBeNull();
    expect(whyNoMore(jobs.at(-1) as Job, jobs)).toContain(`generation ${mostGenerations}`);
  });

  test('is full when so many live, and has room again when one has ended', () => {
    const root = child('root', null);
    const full = Array.from({ length: mostLiving }, (_, index) => child(`child${index}`, 'root'));
    expect(whyNoMore(full[3] as Job, [root, ...full])).toContain('no more than 50 may');
    const over = child('child0', 'root', { state: { kind: 'cancelled', at: 1 } });
    expect(whyNoMore(root, [root, over, ...full.slice(1)])).toBeNull();
  });
});
