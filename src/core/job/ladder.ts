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

export type Resolved =
  | { readonly kind: 'rung'; readonly rung: Rung; readonly isPreferred: boolean }
  /** Nothing is open: what selection said of each rung, in the ladder's order. */
  | { readonly kind: 'closed'; readonly selections: readonly Selection[] };

/**
 * The best rung that is open: the accounts of the pool with the preferred model, then the next models, then other agents
 * where the job allows that. It begins at the top each time, so that a job goes back to what it prefers once that opens.
 */
export function resolveRung(
  spec: Pick<JobSpec, 'model' | 'ladder'>,
  agents: readonly LadderAgent[],
  select: (pool: Label, model: string | null) => Selection,
): Resolved {
  const selections: Selection[] = [];
  for (const [place, { agent, pool, chain, byProfile }] of agents.entries()) {
    const models = place === 0 ? modelsOf(spec, chain) : [chain[0] ?? null, ...chain.slice(1)];
    for (const model of models) {
      const selection = select(pool, model);
      if (selection.kind === 'use' || (selection.kind === 'wait' && selection.queued)) {
        const account = byProfile && selection.kind === 'use' ? selection.account : null;
        const isPreferred = place === 0 && model === models[0];
        return { kind: 'rung', rung: { agent, pool, model, account }, isPreferred };
      }
      selections.push(selection);
    }
  }
  return { kind: 'closed', selections };
}

/** The preferred model, then those after it; one that the chain does not have is followed by all of it. */
function modelsOf({ model, ladder }: Pick<JobSpec, 'model' | 'ladder'>, chain: readonly string[]): (string | null)[] {
  const after = ladder.models ?? chain.slice(model === null ? 0 : chain.indexOf(model) + 1);
  return [model, ...after.filter((each) => each !== model)];
}
