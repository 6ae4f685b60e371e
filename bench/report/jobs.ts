import type { Block, ParkedJobs, RunningJobs } from '../measure/jobs.ts';

type Row = readonly [what: string, measured: string];

export function parkedRows({ jobs, places, kibPerJob, parking, resuming, rampMs, doneMs }: ParkedJobs): Row[] {
  return [
    [`memory per parked job, of ${jobs}`, kibibytes(kibPerJob)],
    ['longest block of the event loop while they park', block(parking)],
    ['all due at once: let go on by the ramp within', `${rampMs} ms`],
    [`all done, ${places} at a time, within`, `${doneMs} ms`],
    ['longest block while they go on', block(resuming)],
  ];
}

export function runningRows({ agents, kibPerAgent, starting, running, ending }: RunningJobs): Row[] {
  return [
    [`memory per running agent, of ${agents}`, kibibytes(kibPerAgent)],
    ['longest block while they start', block(starting)],
    ['longest block while they run', block(running)],
    ['longest block while they end', block(ending)],
  ];
}

function block({ longestBlockMs, longestBusyMs }: Block): string {
  return `${longestBlockMs.toFixed(0)} ms (${longestBusyMs.toFixed(0)} ms of it busy)`;
}

function kibibytes(kib: number): string {
  return `${kib.toFixed(1)} KiB`;
}
