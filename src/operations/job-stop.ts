import type { JobSpec } from '../core/job/job.ts';
import type { StopSpec } from '../core/job/stop.ts';
import { Problem } from '../core/problem.ts';
import { hasPrice, pricesAsOf } from '../core/spend/price.ts';
import { secondMs } from '../core/time.ts';
import type { Jobs } from './context.ts';

/** The stop conditions of `job.add`. */
export type StopWish = {
  readonly turns?: number | undefined;
  readonly budget?: number | undefined;
  /** In seconds. */
  readonly time?: number | undefined;
  readonly completion: boolean;
};

type Agents = { readonly jobs: Pick<Jobs, 'abilities'> };

/** Refuses a job that could never finish: its agents have to be able to say that they are done. */
export function stopSpecOf({ jobs }: Agents, wish: StopWish, agents: readonly string[]): StopSpec {
  const mute = wish.completion ? agents.find((each) => jobs.abilities.get(each)?.mcp === false) : undefined;
  if (mute !== undefined)
    throw new Problem('invalid', `${mute} cannot be given the tool finish_job, so that it could never finish.`, {
      hint: 'Leave out completion: the job is done when its agent ends its turn.',
    });
  const { turns = null, budget = null, time, completion } = wish;
  return { turns, budget, timeMs: time === undefined ? null : time * secondMs, completion };
}

/** What cannot be kept of the stop conditions of a job, since its agents do not tell enough. */
export function stopWarnings({ jobs }: Agents, { agent, model, ladder, stop }: JobSpec): readonly string[] {
  const warnings: string[] = [];
  for (const each of [agent, ...ladder.agents]) {
    const abilities = jobs.abilities.get(each);
    if (abilities === undefined) continue;
    const { spending, namesModel } = abilities;
    if (stop.turns !== null && spending === 'never')
      warnings.push(`${each} does not tell of its answers: each time that it ends counts as one turn.`);
    if (stop.budget === null) continue;
    if (spending === 'never') {
      warnings.push(`${each} does not tell what it spends, so that its budget cannot be kept. Limit its time as well.`);
      continue;
    }
    const models = each === agent ? [model, ...(ladder.models ?? [])] : [null];
    const unknown = models.filter((name) => (name === null ? !namesModel : !hasPrice(name)));
    for (const name of new Set(unknown)) warnings.push(unpriced(each, name));
    if (spending === 'turn')
      warnings.push(`${each} tells what it has spent at the end of its turn only: its budget is looked at then.`);
  }
  return warnings;
}

function unpriced(agent: string, model: string | null): string {
  return model === null
    ? `${agent} does not tell which model it uses, so that what it costs is unknown and its budget cannot be kept. Name one: --model`
    : `Stint has no price for ${model} (its prices are of ${pricesAsOf}), so that what it costs is unknown and its budget cannot be kept until ${agent} tells it.`;
}
