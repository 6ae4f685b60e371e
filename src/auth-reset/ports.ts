import type { Episode, EpisodeReset } from '../book/ports.ts';
import type { Account } from '../core/account/account.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { Label } from '../core/ids.ts';
import type { Notice } from '../core/notice.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { EpochMs } from '../core/time.ts';
import type { Runtime } from '../containers/open-containers.ts';
import type { Containers } from '../containers/ports.ts';

/** What auth resets need of the book. */
export interface ResetBook {
  readonly clock: () => EpochMs;
  /** Recovered episodes whose reset has not ended: it is due, running or waiting. */
  resets(): readonly Episode[];
  /** Changes the reset of an episode, with the notices about it in one transaction; nothing where it is gone. */
  saveReset(episodeId: string, reset: EpisodeReset, notices?: readonly Notice[]): Promise<unknown>;
  pool(name: Label): { readonly pool: Pool; readonly candidates: readonly { readonly account: Account }[] } | undefined;
  /** When a request of this pool was sent last; null where that was not since the start. */
  lastAskedAt(pool: Label): EpochMs | null;
  /** Calls `look` when something may have changed for resets, often for nothing; returns what ends that. */
  watch(look: () => void): () => void;
  readonly journal: { written(): Promise<unknown> | undefined; readonly degraded: unknown };
}

/** Where the agent lives whose login is reset. */
export type ResetPlace = {
  readonly agent: string;
  readonly runtime: Runtime;
  readonly container: string;
  readonly socket: string;
  readonly timeoutSeconds: number;
};

/** The section `reset` of the config. */
export type ResetSettings = ResetPlace & {
  /** Commands by the agent's name; `{target}` in an argument is the pool's target. */
  readonly agents: Readonly<Record<string, { readonly command: readonly string[]; readonly user: string }>>;
  /** What is different for a pool, by its name. */
  readonly pools: Readonly<Record<string, { readonly [Key in keyof ResetPlace]?: ResetPlace[Key] | undefined }>>;
};

export type AuthResetDeps = {
  readonly book: ResetBook;
  /** As they are at this moment: the config can change. */
  readonly settings: () => ResetSettings;
  readonly containers: (place: Pick<ResetPlace, 'runtime' | 'socket'>) => Containers;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  /** Whether its provider tells, outside of answers, what is left of an account. */
  readonly hasUsage: (account: Account) => boolean;
  /** Whether a request may be made with its credential that no agent has asked for. */
  readonly mayProbe: (account: Account) => boolean;
  readonly bug: (error: unknown) => void;
};
