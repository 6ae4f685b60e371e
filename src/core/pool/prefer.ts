import type { EpochMs } from '../time.ts';
import type { Candidate, View } from './view.ts';

/**
 * Orders open candidates by the session's affinity, then by the pool's strategy, and returns the first.
 * `candidates` is not empty.
 */
export function preferred(view: View, candidates: readonly Candidate[], now: EpochMs): Candidate {
  const own = candidates.find((each) => each.account.id === view.affinity);
  if (own !== undefined) return own;
  switch (view.pool.strategy) {
    case 'sticky':
      return fromCurrent(view, candidates);
    case 'round-robin':
      return least(candidates, (each) => each.servedTurn);
    case 'priority':
      return least(candidates, (each) => view.candidates.indexOf(each));
    case 'soonest-reset':
      return least(candidates, (each) =>
        each.nextReset === null || each.nextReset <= now ? Infinity : each.nextReset,
      );
  }
}

/** The current account or the next open one after it in the pool's order, round the end. */
function fromCurrent(view: View, candidates: readonly Candidate[]): Candidate {
  const size = view.candidates.length;
  const start = Math.max(
    0,
    view.candidates.findIndex((each) => each.account.id === view.current),
  );
  return least(candidates, (each) => (view.candidates.indexOf(each) - start + size) % size);
}

/** The candidate with the smallest rank; the pool's order breaks ties. */
function least(candidates: readonly Candidate[], rank: (candidate: Candidate) => number): Candidate {
  let best = candidates[0] as Candidate;
  let bestRank = rank(best);
  for (const candidate of candidates) {
    const candidateRank = rank(candidate);
    if (candidateRank >= bestRank) continue;
    best = candidate;
    bestRank = candidateRank;
  }
  return best;
}
