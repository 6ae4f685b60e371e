import { formatMoment, formatWhen } from '../../core/time.ts';
import type { ResolvedView } from '../../operations/model.ts';
import type { Explanation } from '../../operations/shape.ts';
import type { Look } from './render.ts';

type Turn = {
  readonly pool: string;
  readonly account: string | null;
  readonly until: number | null;
  readonly following: string | null;
};

/** Whom `pool next` took. */
export function renderTurn({ pool, account, until, following }: Turn, { now, timeZone, terminal }: Look): string {
  if (account === null) {
    const opens = until === null ? '' : `; the first may open ${formatWhen(until, now, timeZone)}`;
    return `Nobody in pool ${pool} is open${opens}. See why: stint pool explain ${pool}`;
  }
  const then = following === null || following === account ? '' : `, then ${following}`;
  return `${terminal.style('green', account)}${then}`;
}

/** A sentence on a line of its own for each account that is passed over. */
export function renderExplanation({ sentence, skipped }: Explanation, { terminal }: Look): string {
  const lines = skipped.map((each) => each.sentence);
  const rest = lines.reduce((text, line) => text.replace(line, '').trimEnd(), sentence);
  return [terminal.style('bold', rest), ...lines.map((line) => `  ${line}`)].join('\n');
}

type Link = { readonly url: string; readonly expiresAt: number };

export function renderLink({ url, expiresAt }: Link, { now, timeZone }: Look): string {
  return `${url}\nIt logs one browser in, once, until ${formatMoment(expiresAt, now, timeZone)}.`;
}

const marks = { taken: '>', skipped: 'x', 'not-needed': ' ' } as const;

/** The answer, then every rung of the ladder. */
export function renderResolved({ sentence, rungs }: ResolvedView, { terminal }: Look): string {
  return [
    terminal.style('bold', sentence),
    ...rungs.map(
      (rung) => `  ${terminal.style(rung.verdict === 'taken' ? 'green' : 'dim', marks[rung.verdict])} ${rung.sentence}`,
    ),
  ].join('\n');
}
