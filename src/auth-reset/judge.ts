import type { Episode, EpisodeReset } from '../book/ports.ts';
import type { Notice, NoticeFacts } from '../core/notice.ts';
import { formatDuration, minuteMs, type EpochMs } from '../core/time.ts';

/** So long the agent has to ask again; measured from the start of the command, by wall clock. */
const resumeWithinMs = 10 * minuteMs;

type Seen = {
  readonly now: EpochMs;
  /** When the pool was asked last; null where it was not. */
  readonly askedAt: EpochMs | null;
  /** Since when requests would have been seen. */
  readonly watchedSince: EpochMs;
};

/** How a reset ended, and the notice that says so. */
export type Verdict = { readonly reset: EpisodeReset; readonly notice: Notice };

/** What became of a reset whose command was started; null where that is still open. */
export function judge(episode: Episode, reset: EpisodeReset, { now, askedAt, watchedSince }: Seen): Verdict | null {
  const ranAt = startedAt(reset);
  // After a crash nobody knows how the command ended.
  const isCut = reset.state === 'running';
  const cut = isCut ? { interrupted: true } : {};
  const dueAt = ranAt + resumeWithinMs;
  if (askedAt !== null && askedAt > ranAt && askedAt <= dueAt) {
    const resumedAfterMs = askedAt - ranAt;
    const asked = `the agent asked again ${formatDuration(resumedAfterMs)} after it`;
    const detail = isCut ? `Stint ended while it ran, and ${asked}` : asked;
    return ended(episode, { ...reset, state: 'resumed', at: now, detail }, { resumedAfterMs, ...cut });
  }
  if (now < dueAt) return null;
  const partly = watchedSince > ranAt ? ', for part of which Stint did not run' : '';
  const silence = `no request of the agent came within ${formatDuration(resumeWithinMs)} of it${partly}`;
  const detail = isCut ? `Stint ended while it ran, and ${silence}` : silence;
  const facts = isCut ? { evidence: detail, ...cut } : { silent: true, evidence: detail };
  return ended(episode, { ...reset, state: 'silent', at: now, detail }, facts);
}

/** A reset that a daemon before began, with the note that it did not end it; null where that is known. */
export function interrupted(reset: EpisodeReset): EpisodeReset | null {
  if (reset.state !== 'running' || reset.detail !== null) return null;
  return { ...reset, detail: 'Stint ended while it ran: its outcome is unknown' };
}

/** The reset as of a wall clock that was set back behind its start: its time begins anew. Null where it was not. */
export function rebased(reset: EpisodeReset, now: EpochMs): EpisodeReset | null {
  return startedAt(reset) > now ? { ...reset, ranAt: now } : null;
}

function startedAt({ ranAt, at }: EpisodeReset): EpochMs {
  return ranAt ?? at;
}

type Failure = { readonly now: EpochMs; readonly why: string; readonly mend: string };

/** The end of a reset whose command could not be run, or failed. */
export function failed(episode: Episode, reset: EpisodeReset, { now, why, mend }: Failure): Verdict {
  return ended(episode, { ...reset, state: 'failed', at: now, detail: why }, { evidence: why, mend });
}

/** One notice for each recovery, however its reset ends. */
function ended(episode: Episode, reset: EpisodeReset, facts: NoticeFacts): Verdict {
  const { pool, family } = episode;
  const notice: Notice = {
    id: `${episode.id}:reset`,
    kind: reset.state === 'resumed' ? 'auth-reset-done' : 'auth-reset-failed',
    thread: `episode:${episode.id}`,
    at: reset.at,
    facts: {
      pool,
      ...(family === null ? {} : { family }),
      since: reset.ranAt ?? reset.at,
      target: reset.target,
      ...facts,
    },
  };
  return { reset, notice };
}
