import type { CommitPoint } from '../src/core/job/commit-point.ts';
import type { JobSpec } from '../src/core/job/job.ts';
import { noStop } from '../src/core/job/stop.ts';
import { hourMs, minuteMs } from '../src/core/time.ts';
import { agentScripts, type AgentScript } from './scripts.ts';

/** A step of a person, or of the world. `of` is the place of a job among those that were added. */
export type Step = { readonly afterMs: number } & (
  | { readonly do: 'add'; readonly agent: AgentScript; readonly spec: Partial<JobSpec>; readonly after?: number }
  | { readonly do: 'cancel' | 'park' | 'resume' | 'retry'; readonly of: number }
  | { readonly do: 'close'; readonly inMs: number }
  | { readonly do: 'clear' | 'stop' }
  | { readonly do: 'jump'; readonly ms: number }
);

export type Plan = {
  readonly seed: number;
  readonly places: number;
  readonly steps: readonly Step[];
  readonly kill: { readonly point: CommitPoint; readonly nth: number };
  /** How long nobody supervises after a kill: agents end meanwhile. */
  readonly downMs: number;
  /** Of the host that comes after the first was killed. */
  readonly killAgain: { readonly point: CommitPoint; readonly nth: number } | null;
};

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What every script has, so that every point can be reached, and as much again by chance. */
export function planOf(seed: number, points: readonly CommitPoint[]): Plan {
  const random = randomOf(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[upTo(from.length)] as T;
  const point = points[seed % points.length] as CommitPoint;
  const steps: Step[] = [];
  let added = 0;
  const add = (agent: AgentScript, more: { spec?: Partial<JobSpec>; after?: number } = {}): number => {
    const { spec = {}, ...rest } = more;
    steps.push({ afterMs: upTo(40), do: 'add', agent, spec: { ...spec, priority: upTo(3) }, ...rest });
    return (added += 1) - 1;
  };
  const then = (does: 'cancel' | 'park' | 'resume' | 'retry', of: number, withinMs: number): void =>
    void steps.push({ afterMs: upTo(withinMs), do: does, of });
  const anything = (): AgentScript => pick(Object.keys(agentScripts) as AgentScript[]);

  add('fails');
  add(anything(), { spec: { repeatMs: 100 * hourMs } });
  const endless = add(point === 'end.killed' ? 'stubborn' : pick(['endless', 'stubborn', 'leaver']));
  add(anything(), { after: endless });
  add('spends', { spec: { stop: { ...noStop, turns: 3 } } });
  then('cancel', endless, 250);
  const paused = add(pick(['stubborn', 'slow', 'waits', 'leaver', 'endless']));
  then('park', paused, 200);
  if (random() < 0.5) steps.push({ afterMs: upTo(50), do: 'jump', ms: pick([-1, 1]) * hourMs });
  steps.push({ afterMs: upTo(100), do: 'close', inMs: pick([-hourMs, minuteMs, 2 * hourMs, 30 * 24 * hourMs]) });
  add(pick(['limited', 'crashes', 'dyingLeaver']));
  if (random() < 0.5) then('resume', paused, 100);
  if (random() < 0.5) steps.push({ afterMs: upTo(50), do: 'jump', ms: 3 * hourMs });
  steps.push({ afterMs: upTo(100), do: 'clear' });
  for (let more = upTo(4); more > 0; more -= 1) {
    const does = pick(['add', 'cancel', 'park', 'resume', 'retry', 'stop'] as const);
    if (does === 'add') add(anything());
    else if (does === 'stop') steps.push({ afterMs: upTo(60), do: 'stop' });
    else then(does, upTo(added), 150);
  }
  return {
    ...{ seed, places: 2 + upTo(4), steps, kill: { point, nth: 1 + upTo(isRare(point) ? 1 : 4) } },
    downMs: pick([0, 0, 150, 500, 1200]),
    killAgain: random() < 0.4 ? { point: pick(points), nth: 1 + upTo(2) } : null,
  };
}

/** Reached once or twice in a script. */
function isRare(point: CommitPoint): boolean {
  return /blocked|failed|cancelled|parked|kill|successor|done/.test(point);
}
