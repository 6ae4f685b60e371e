import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../src/core/job/job.ts';
import { hasEnded } from '../src/core/job/state.ts';
import type { Dump } from './host.ts';

export type Asked = {
  /** Jobs whose add was acknowledged. */
  readonly accepted: readonly string[];
  /** Jobs whose cancel was acknowledged, and nobody asked to retry them since. */
  readonly cancelled: ReadonlySet<string>;
  /** Jobs that somebody asked to retry. */
  readonly retried: ReadonlySet<string>;
};

/** What must hold once everything has come to rest, in words where it does not. */
export function violationsAtRest(folder: string, { jobs, effects, whys }: Dump, asked: Asked): string[] {
  const known = new Map<string, Job>(jobs.map((job) => [job.id, job]));
  const lost = asked.accepted.filter((id) => !known.has(id)).map((id) => `accepted job ${id} is lost`);
  const undone = effects.map((effect) => `effect ${effect} is not done`);
  const revived = [...asked.cancelled]
    .filter((id) => known.get(id)?.state.kind !== 'cancelled')
    .map((id) => `job ${id} was cancelled, and is ${known.get(id)?.state.kind}`);
  const series = jobs
    .filter(({ spec }) => spec.scheduleAt !== null)
    .map(({ spec }) => `${spec.title} ${spec.scheduleAt}`);
  const twice = series.filter((each, place) => series.indexOf(each) !== place).map((each) => `two successors: ${each}`);
  const silent = jobs
    .filter((job) => !isOver(job) && whys[job.id] === null)
    .map(({ id }) => `nobody says why ${id} waits`);
  // One that finished while it was being stopped has no condition that it was stopped by.
  const unsaved = jobs
    .filter(({ stopped, state }) => stopped !== null && !['done', 'cancelled', 'parked'].includes(state.kind))
    .map(({ id, state }) => `job ${id} was stopped by its condition, and is ${state.kind}`);
  return [
    ...lost,
    ...undone,
    ...revived,
    ...twice,
    ...silent,
    ...unsaved,
    ...torn(folder, asked),
    ...rerun(folder, asked),
  ];
}

/** Ended, or waits for a person. */
export function isOver(job: Job): boolean {
  return hasEnded(job) || job.state.kind === 'blocked';
}

/** Every state is left once: a park fires once, and what has ended only begins again when somebody asks. */
function torn(folder: string, { retried }: Asked): string[] {
  const left = new Set<string>();
  return linesOf(join(folder, 'transitions')).flatMap((line) => {
    const [job = '', from = '', fence = ''] = line.split(' ');
    const state = `${job} ${fence}`;
    const again = left.has(state) ? [`a state was left twice: ${line}`] : [];
    left.add(state);
    const ended = ['done', 'cancelled', 'failed'].includes(from) && !retried.has(job);
    return [...again, ...(ended ? [`an ended job moved: ${line}`] : [])];
  });
}

/** No attempt begins after one that told its result. */
function rerun(folder: string, { retried }: Asked): string[] {
  const logs = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('log.')) : [];
  return logs.flatMap((name) => {
    const lines = linesOf(join(folder, name));
    const finished = lines.findIndex((line) => line.startsWith('finish'));
    const later = finished === -1 ? [] : lines.slice(finished + 1).filter((line) => line.startsWith('start'));
    if (later.length === 0 || retried.has(name.slice('log.'.length))) return [];
    return [`${name}: a finished job was run again: ${lines.join(', ')}`];
  });
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}
