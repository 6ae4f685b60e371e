/** How to reach the daemon of a home. */
export type DaemonAddress = {
  readonly pid: number;
  readonly controlPort: number;
  readonly agentPort: number;
  readonly controlSocket: string;
};

/** The daemon of a home; one that is starting may still be stopped by its pid. */
export type FoundDaemon =
  | ({ readonly kind: 'serving' } & DaemonAddress)
  | { readonly kind: 'starting'; readonly pid: number };

/** Where a daemon would listen. */
export type Listener = { readonly host: string; readonly port: number };

/** Which daemon is meant, and where a new one listens. Ports are text as they were typed. */
export type Place = {
  readonly home: string;
  readonly controlPort: string | undefined;
  readonly agentPort: string | undefined;
};

/** A daemon in this process. */
export type Serving = DaemonAddress & {
  readonly folder: string;
  readonly setAside: string | null;
  readonly stop: () => void;
  readonly ended: Promise<void>;
};

export type DemoOptions = { readonly agent: 'scripted' | 'claude'; readonly keep: boolean; readonly json: boolean };

/** A setting of the agent's own that keeps it from the gateway. */
export type Obstacle = { readonly says: string; readonly hint: string };

/** What the CLI needs and may not build itself; main.ts provides it. */
export interface Host {
  readonly version: string;
  readonly defaults: Place;
  /** The environment the user has, without what Stint's launcher put there. */
  readonly userEnvironment: Readonly<Record<string, string | undefined>>;
  /** Executable and arguments that start another Stint. */
  readonly stintCommand: readonly [string, ...string[]];
  /** Agents with a `stint <agent>` command. */
  readonly agents: readonly string[];
  /** The daemon that runs in a home; undefined when none does. */
  findDaemon(home: string): Promise<FoundDaemon | undefined>;
  /** True when the last daemon of a home ended without being stopped, and no other runs. */
  hasCrashed(home: string): Promise<boolean>;
  /** Where a daemon that starts now would listen, by config.toml and what was given here. Throws a Problem when it is wrong. */
  listeners(place: Place): Promise<{ readonly control: Listener; readonly agent: Listener }>;
  /** What keeps an agent from the gateway when it is started here with these arguments. */
  obstacles(agent: string, home: string, args: readonly string[]): Promise<readonly Obstacle[]>;
  serve(place: Place, passphrase: () => Promise<string>): Promise<Serving>;
  demo(options: DemoOptions): Promise<number>;
}
