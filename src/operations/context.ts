import type { Account } from '../core/account/account.ts';
import type { AuditEntry, AuditRecord, Surface } from '../core/audit.ts';
import type { AccountId, JobId, Label, PhantomId, ProviderId, SessionId } from '../core/ids.ts';
import type { Abilities } from '../core/job/abilities.ts';
import type { Attempt, Job, JobSpec } from '../core/job/job.ts';
import type { Resolved, Rung } from '../core/job/ladder.ts';
import type { Spent } from '../core/job/stop.ts';
import type { Transport } from '../core/job/transport.ts';
import type { Limit } from '../core/limit/limit.ts';
import type { Reading, Signal } from '../core/limit/signal.ts';
import type { Notice } from '../core/notice.ts';
import type { Pool } from '../core/pool/pool.ts';
import type { Problem } from '../core/problem.ts';
import type { Selection } from '../core/pool/selection.ts';
import type { EpochMs } from '../core/time.ts';
import type { Finding, SessionView } from './shape.ts';

/** An account as it is at this moment. */
export type AccountNow = {
  readonly account: Account;
  readonly limits: readonly Limit[];
  readonly readings: readonly (Reading & { readonly at: EpochMs })[];
  readonly inFlight: number;
  readonly restUntil: EpochMs;
  /** Why its login could not be renewed. */
  readonly notRenewed: { readonly detail: string; readonly retryAt: EpochMs } | null;
};

export type PoolNow = {
  readonly pool: Pool;
  readonly current: AccountId | null;
  /** Its episodes that last, and the recovered ones whose auth reset does. */
  readonly episodes: readonly EpisodeNow[];
};

export type EpisodeNow = {
  readonly id: string;
  readonly family: string | null;
  readonly exhaustedAt: EpochMs;
  /** `retrying`: an account would be asked now, and nothing has shown yet that it serves. */
  readonly state: 'exhausted' | 'retrying' | 'recovered';
  readonly nextTryAt: EpochMs | null;
  readonly reset: {
    readonly state: 'due' | 'running' | 'waiting' | 'resumed' | 'silent' | 'failed';
    readonly target: string;
    readonly at: EpochMs;
    readonly ranAt: EpochMs | null;
    readonly detail: string | null;
  } | null;
};

/** A request that the gateway has not answered to its last byte. */
export type OpenRequest = {
  readonly id: string;
  /** The account that it was sent to last; null before the first. */
  readonly account: AccountId | null;
  readonly session: string;
  readonly pool: string;
  readonly model: string | null;
  readonly path: string;
  readonly since: EpochMs;
  readonly streamed: boolean;
  /** Until when it waits for an account to open; null when it does not wait. */
  readonly heldUntil: EpochMs | null;
};

export interface Accounts {
  all(): readonly AccountNow[];
  find(id: AccountId): AccountNow | undefined;
  /** The account that had this id before it was renamed, since the start and while no other has it. */
  formerly(id: AccountId): AccountNow | undefined;
  /** Stores the secret, where it has one, then the account; neither when one of them fails. */
  add(account: Account, secret: string | null): Promise<void>;
  /** The same account with another secret. */
  replace(account: Account, secret: string): Promise<void>;
  save(account: Account): Promise<void>;
  remove(id: AccountId): Promise<void>;
  /** Gives it another label, with everything that is its own. Throws a Problem where the name is not free yet. */
  rename(id: AccountId, label: Label): Promise<void>;
  /** Opens every window; returns how many were closed. */
  clear(id: AccountId): Promise<number>;
  /** Closes one window by the operator's word. */
  close(id: AccountId, limit: Pick<Limit, 'window' | 'family' | 'until'>): Promise<Limit>;
  /** Opens the windows that `concerns` names; returns those that were closed. */
  open(id: AccountId, concerns: (limit: Limit) => boolean): Promise<readonly Limit[]>;
}

/** A login that a CLI keeps in a folder. */
export type FoundLogin = {
  /** As people call it: `Claude Code`. */
  readonly cli: string;
  readonly folder: string;
  /** The file itself, where links lead to it. */
  readonly path: string;
  /** The kind of credential that it is. */
  readonly credential: string;
  /** Whether it was taken from the CLI before and never arrived. */
  readonly interrupted: boolean;
};

/** An account that is to have a secret. */
export type Wanted = { readonly provider: ProviderId; readonly id: AccountId };

/** How a secret compares with those of the vault. */
export type Kinship = {
  /** The other account that has this very login. */
  readonly heldBy: AccountId | null;
  /** Whether the login that the account has now is somebody else’s. */
  readonly otherOwner: boolean;
};

/** Logins of genuine CLIs on this machine. */
export interface Logins {
  /** Throws a Problem where there is none that could become an account. */
  find(wanted: Wanted, folder: string): Promise<FoundLogin & Kinship>;
  compare(wanted: Wanted, secret: string): Kinship;
  /** Moves it into the vault; the CLI has it as before when that fails. Returns the path of a copy that could not be deleted. */
  adopt(account: Account, login: FoundLogin): Promise<string | null>;
}

/** What an agent in a profile needs of the daemon, and what it tells it. */
export interface Profiles {
  /** The agent that a provider's profiles belong to. */
  agentOf(provider: ProviderId): string;
  /** Whether a directory holds a login of the provider's CLI. */
  hasLogin(provider: ProviderId, folder: string): Promise<boolean>;
  /** Sees which profiles have their login: one without it takes no work until it is there again. */
  checkLogins(): Promise<void>;
  /** Sees to the logins, and puts the transcripts where the pools want them. Only one at a time. */
  lookAfter(): Promise<void>;
  /** Those of some accounts whose profile has a conversation. */
  holders(accounts: readonly AccountId[], session: string): Promise<readonly AccountId[]>;
  /**
   * Renames a pool by `rename`, with the folder of the conversations that its profiles share. Only one at a time.
   */
  renamePool(from: Label, to: Label, rename: () => Promise<void>): Promise<void>;
  /** Gives a profile whose account goes its conversations for itself. Only one at a time. */
  release(account: AccountId): Promise<void>;
  select(wish: {
    pool: Label;
    session: SessionId | null;
    model: string | null;
    exclude: readonly AccountId[];
    suits: (account: Account) => boolean;
  }): Selection;
  /** Moves the pool, and the conversation where it is known, to an account. */
  begin(turn: { pool: Label; session: SessionId | null; account: AccountId }): Promise<void>;
  observe(seen: {
    account: AccountId;
    model: string | null;
    sentAt: EpochMs;
    signals: readonly Signal[];
    served: boolean;
  }): Promise<void>;
}

export interface Pools {
  all(): readonly PoolNow[];
  find(name: Label): PoolNow | undefined;
  save(pool: Pool): Promise<void>;
  /** Several at once: a member never is in both, nor in neither. */
  saveAll(pools: readonly Pool[]): Promise<void>;
  remove(name: Label): Promise<void>;
  /** Gives it another name, with everything that is its own. */
  rename(name: Label, to: Label): Promise<void>;
  /** What the next request of a session for this model would use; null for a new session. */
  next(name: Label, model: string | null, session: SessionId | null): Selection;
  /** Makes the account after this one that takes such requests the pool's current one. */
  advance(name: Label, model: string | null, account: AccountId): Promise<void>;
  /** The account after this one that takes requests for any model; null for none. */
  follower(name: Label, account: AccountId): AccountId | null;
  /** Moves the pool's current account and the sessions that stay on it to another; returns how many sessions. */
  rotate(name: Label, from: AccountId, to: AccountId): Promise<number>;
}

export interface Phantoms {
  /** Those that are still good for something. */
  all(): readonly {
    readonly id: PhantomId;
    readonly provider: ProviderId;
    readonly pool: Label;
    readonly origin: 'wrapper' | 'env';
    readonly createdAt: EpochMs;
    readonly expiresAt: EpochMs;
  }[];
  issue(wish: {
    provider: ProviderId;
    pool: Label;
    origin: 'wrapper' | 'env';
    holdMs: number;
  }): Promise<{ id: PhantomId; token: string; expiresAt: EpochMs }>;
  /** False when there is none of that id. */
  revoke(id: PhantomId): Promise<boolean>;
}

export interface Providers {
  ids(): readonly ProviderId[];
  /** The kind of a secret by its form. Throws a Problem for one that can never work. */
  recognise(provider: ProviderId, secret: string): string;
  /** The provider that alone gives secrets of such a form. */
  issuerOf(secret: string): { readonly id: ProviderId; readonly title: string } | undefined;
  secretForms(provider: ProviderId): string;
}

/** A CLI product and how it reaches the gateway. */
export type KnownAgent = {
  readonly id: string;
  readonly provider: ProviderId;
  /** The executable on PATH. */
  readonly command: string;
  readonly install: string;
  /** Names that must not be in its environment. */
  readonly withheld: readonly string[];
  launch(phantom: string): Promise<{ args: readonly string[]; environment: Readonly<Record<string, string>> }>;
};

export interface Agents {
  ids(): readonly string[];
  find(id: string): KnownAgent | undefined;
}

export interface Daemon {
  describe(): {
    version: string;
    pid: number;
    home: string;
    startedAt: EpochMs;
    controlPort: number;
    agentPort: number;
    controlUrl: string;
    agentUrl: string;
    activeRequests: number;
    graceSeconds: number;
    degraded: { since: EpochMs; reason: string } | null;
    setAside: string | null;
  };
  /** Begins a graceful stop and returns at once. */
  stop(): void;
  /** Checks what only the daemon can: vault, store, and each upstream. */
  check(): Promise<readonly Finding[]>;
  /** Lines of the log from a cursor on, or the last ones; the cursor is where the next call goes on. */
  readLog(from: { cursor: number | null; lines: number }): Promise<{ lines: readonly string[]; cursor: number }>;
}

/** What happened, as rows that are only ever added to. */
export interface Trail {
  /** The id of the newest record. */
  lastId(): number;
  read(query: {
    readonly after?: number | undefined;
    readonly before?: number | undefined;
    readonly kind?: string | undefined;
    readonly subject?: string | undefined;
    readonly since?: EpochMs | undefined;
    readonly count: number;
  }): Promise<readonly AuditRecord[]>;
  /** Every record after a cursor, then each as it comes. */
  watch(after: number, signal: AbortSignal): AsyncIterable<AuditRecord>;
}

/** The tokens of the control API, and what lets a browser in. */
export interface Tokens {
  /** Makes a new one in the place of the old, which is refused from here on. Returns its file. */
  rotate(scope: 'full' | 'read'): Promise<string>;
  /** A link that logs one browser in, once. */
  link(): { readonly url: string; readonly expiresAt: EpochMs };
}

/** What was told to people, and what is still to be told. */
export interface Notices {
  recent(count: number): Promise<
    readonly {
      readonly notice: Notice;
      readonly deliveries: readonly {
        readonly channel: string;
        readonly attempts: number;
        readonly dueAt: EpochMs | null;
        readonly toldAt: EpochMs | null;
        readonly error: string | null;
      }[];
    }[]
  >;
  /** The channels that are set up. */
  channels(): readonly string[];
  /** Tells a notice of no matter on one channel, now. Rejects with a Problem that says why it was not told. */
  test(channel: string): Promise<void>;
}

/** The settings in config.toml. */
export interface Settings {
  readonly file: string;
  /** Every setting with its value; a secret one only whether it is set. */
  list(): readonly {
    readonly field: string;
    readonly value: unknown;
    readonly isDefault: boolean;
    readonly isSecret: boolean;
  }[];
  /**
   * Changes one setting, or takes it out where the value is null, and has it act. Throws a Problem and changes nothing
   * where it is wrong; `warning` says what keeps one that is right by itself from acting.
   */
  set(
    field: string,
    value: string | null,
  ): Promise<{ readonly needsRestart: boolean; readonly warning: string | null }>;
  /** What is wrong with the file as it is. */
  check(): Promise<readonly Finding[]>;
  /** Fields whose new value acts after a restart. */
  pendingRestart(): readonly string[];
  /** What is wrong with the settings that should act, a sentence each: what they said before acts. */
  refused(): readonly string[];
}

export type TerminalWish = {
  readonly agents: readonly string[];
  readonly transport: Transport;
  readonly interactive: boolean;
};

/** A terminal that an agent runs on, and the way there. */
export type JobTerminal =
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly directory: string }
  | {
      readonly kind: 'view';
      view(viewer: { readonly show: (bytes: Uint8Array) => void; readonly ended: () => void }): {
        readonly type: (bytes: Uint8Array | string) => void;
        readonly resize: (columns: number, rows: number) => void;
        readonly leave: () => void;
      };
    };

/** Jobs, and what may be done about them. Each change throws a Problem `conflict` where it does not fit. */
export interface Jobs {
  /** Who can work on one: the agents that Stint knows and those of the config, with their providers; null for none. */
  readonly agents: ReadonlyMap<string, ProviderId | null>;
  /** What each of them can do of what stop conditions need. */
  readonly abilities: ReadonlyMap<string, Abilities>;
  all(): readonly Job[];
  /** What a job has spent up to now over all its attempts, in the latest, and of that what counts for its conditions. */
  spent(job: Job): { readonly job: Spent; readonly attempt: Spent; readonly counted: Spent };
  /** The latest of a job. */
  attempt(id: JobId): Attempt | undefined;
  /** One sentence for a job that is not running; null for one that is. */
  why(job: Job): string | null;
  /** What a job would run on now, and all that it might. */
  resolve(job: {
    readonly spec: Pick<JobSpec, 'agent' | 'model' | 'pool' | 'ladder'>;
    readonly conversation: Job['conversation'];
    readonly usualModel?: Job['usualModel'];
  }): { readonly resolved: Resolved; readonly rungs: readonly Omit<Rung, 'account'>[] };
  add(spec: JobSpec): Promise<Job>;
  /** Resolves when its processes are gone. */
  cancel(id: JobId): Promise<Job>;
  park(id: JobId, reason: string): Promise<Job>;
  resume(id: JobId): Promise<Job>;
  retry(id: JobId, anew: boolean): Promise<Job>;
  answer(id: JobId, answer: string): Promise<Job>;
  /** Why agents cannot run on such a terminal here; null where they can. */
  terminalObstacle(wish: TerminalWish): Problem | null;
  /** The terminal of a job whose agent runs on one now. Throws a Problem `conflict` for any other. */
  terminal(id: JobId): Promise<JobTerminal>;
  /** What its agents said and did, attempt after attempt; to the end of the job where that is followed. */
  logs(
    id: JobId,
    how: { readonly follow: boolean; readonly signal: AbortSignal },
  ): AsyncIterable<{ readonly attempt: number; readonly kind: string; readonly text: string }>;
}

/** Runs the reset command of the agent that uses a pool. */
export interface AuthResets {
  /** Runs it now; resolves when it has ended. Throws a Problem where nothing is set up or it failed. */
  run(pool: Label): Promise<{ readonly detail: string }>;
  /** Whether anything can tell that the pool has recovered while no agent asks; also whether it could if it were probed. */
  canVerify(pool: Label, ifProbed?: boolean): boolean;
}

/** Who asks, how, and whether for more than to read. */
export type Caller = {
  readonly surface: Surface;
  readonly actor: string;
  readonly scope: 'full' | 'read';
  /** The job whose agent asks. */
  readonly job?: JobId;
};

/** What operations act on; the daemon composes it. */
export interface OperationContext {
  readonly caller: Caller;
  /** Notes what somebody changed, or tried to; durable when the promise resolves, which never rejects. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  /** Runs one change after the other: each looks at what is there before it writes. */
  readonly inTurn: <Value>(change: () => Promise<Value>) => Promise<Value>;
  readonly clock: () => EpochMs;
  /** How long a request of `stint claude` may be held. */
  readonly holdMs: number;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly pools: Pools;
  readonly profiles: Profiles;
  readonly sessions: { all(): readonly SessionView[] };
  /** The requests that are open on the gateway. */
  readonly requests: { all(): readonly OpenRequest[] };
  readonly phantoms: Phantoms;
  readonly providers: Providers;
  readonly agents: Agents;
  readonly daemon: Daemon;
  readonly trail: Trail;
  readonly tokens: Tokens;
  readonly notices: Notices;
  readonly settings: Settings;
  readonly authResets: AuthResets;
  readonly jobs: Jobs;
}
