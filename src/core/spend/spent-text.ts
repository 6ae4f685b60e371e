import { formatDuration, secondMs } from '../time.ts';
import { formatUsd } from './usd.ts';

/** Times in seconds, as surfaces have them. */
type Stop = {
  readonly turns: number | null;
  readonly budget: number | null;
  readonly time: number | null;
  readonly completion: boolean;
};
type Spent = {
  readonly turns: number;
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly outputTokens: number;
  readonly cost: number | null;
  readonly knownCost: number;
  readonly time: number;
};

/** What stops a job: `after 40 turns, $2.50 or 1h 30m; only finish_job ends it`. */
export function stopText({ turns, budget, time, completion }: Stop): string {
  const ends = [
    ...(turns === null ? [] : [counted(turns, 'turn')]),
    ...(budget === null ? [] : [formatUsd(budget)]),
    ...(time === null ? [] : [formatDuration(time * secondMs)]),
  ];
  const after = ends.length === 0 ? [] : [`after ${ends.join(', ').replace(/, ([^,]*)$/, ' or $1')}`];
  return [...after, ...(completion ? ['only finish_job ends it'] : [])].join('; ');
}

/** What was spent: `12 turns, 1.2M tokens in (80 % of them cached), 3.4k out, $0.31, 5m running`; null for nothing. */
export function spentText({
  turns,
  inputTokens,
  cacheReadTokens,
  outputTokens,
  cost,
  knownCost,
  time,
}: Spent): string | null {
  if (turns === 0 && inputTokens === 0 && time === 0) return null;
  const share = inputTokens === 0 ? 0 : Math.round((cacheReadTokens / inputTokens) * 100);
  const cached = share === 0 ? '' : ` (${share} % of them cached)`;
  const tokens =
    inputTokens + outputTokens === 0
      ? []
      : [`${shortNumber(inputTokens)} tokens in${cached}`, `${shortNumber(outputTokens)} out`];
  const price = cost !== null ? formatUsd(cost) : knownCost > 0 ? `at least ${formatUsd(knownCost)}` : 'cost unknown';
  return [counted(turns, 'turn'), ...tokens, price, `${formatDuration(time * secondMs)} running`].join(', ');
}

function counted(amount: number, word: string): string {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`;
}

function shortNumber(amount: number): string {
  if (amount < 1000) return String(amount);
  if (amount < 999_500) return `${(amount / 1000).toFixed(1)}k`;
  return `${(amount / 1_000_000).toFixed(1)}M`;
}
