import type { AccountId, Label } from '../ids.ts';
import type { Selection } from '../pool/selection.ts';
import type { JobSpec } from './job.ts';

/** An agent as the ladder sees it. */
export type LadderAgent = {
  readonly agent: string;
  readonly pool: Label;
  /** The models of its provider, best first. */
  readonly chain: readonly string[];
  /** Its accounts are logins of the genuine CLI, and the attempt has to be started on one. */
  readonly byProfile: boolean;
};

export type Rung = {
  readonly agent: string;
  readonly pool: Label;
  readonly model: string | null;
  /** The profile to start on; null in gateway mode. */
  readonly account: AccountId | null;
};

/** A rung that was looked at, and what selection said of it. */
export type Tried = Omit<Rung, 'account'> & { readonly selection: Selection };

/** `tried`: in the ladder's order; the last one is the rung that was taken, where one was. */
export type Resolved =
  | { readonly kind: 'rung'; readonly rung: Rung; readonly isPreferred: boolean; readonly tried: readonly Tried[] }
  | { readonly kind: 'closed'; readonly tried: readonly Tried[] };

/**
 * The best rung that is open: the accounts of the pool with the preferred model, then the next models, then other agents
 * where the job allows that. It begins at the top each time, so that a job goes back to what it prefers once that opens.
 */
export function resolveRung(
  spec: Pick<JobSpec, 'model' | 'ladder'>,
  agents: readonly LadderAgent[],
  select: (pool: Label, model: string | null) => Selection,
): Resolved {
  const tried: Tried[] = [];
  for (const { byProfile, ...place } of rungsOf(spec, agents)) {
    const selection = select(place.pool, place.model);
    const isPreferred = tried.length === 0;
    tried.push({ ...place, selection });
    if (selection.kind !== 'use' && !(selection.kind === 'wait' && selection.queued)) continue;
    const account = byProfile && selection.kind === 'use' ? selection.account : null;
    return { kind: 'rung', rung: { ...place, account }, isPreferred, tried };
  }
  return { kind: 'closed', tried };
}

/** All rungs of a job's ladder, best first. */
export function rungsOf(
  spec: Pick<JobSpec, 'model' | 'ladder'>,
  agents: readonly LadderAgent[],
): (Omit<Rung, 'account'> & Pick<LadderAgent, 'byProfile'>)[] {
  return agents.flatMap(({ agent, pool, chain, byProfile }, place) => {
    const models = place === 0 ? modelsOf(spec, chain) : [chain[0] ?? null, ...chain.slice(1)];
    return models.map((model) => ({ agent, pool, model, byProfile }));
  });
}

export function selectionsOf({ tried }: Resolved): readonly Selection[] {
  return tried.map(({ selection }) => selection);
}

/** The preferred model, then those after it; one that the chain does not have is followed by all of it. */
function modelsOf({ model, ladder }: Pick<JobSpec, 'model' | 'ladder'>, chain: readonly string[]): (string | null)[] {
  const after = ladder.models ?? chain.slice(model === null ? 0 : chain.indexOf(model) + 1);
  return [model, ...after.filter((each) => each !== model)];
}
