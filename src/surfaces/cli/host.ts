import type { Client } from '../../operations/client.ts';
import type { Settings } from '../../operations/context.ts';
import type { AnyOperation } from '../../operations/operation.ts';

/** How to reach the daemon of a home. */
export type DaemonAddress = {
  readonly pid: number;
  readonly controlPort: number;
  readonly agentPort: number;
  /** Where somebody on this machine reaches the listeners: `http://127.0.0.1:4600`. */
  readonly controlUrl: string;
  readonly agentUrl: string;
  readonly controlSocket: string;
};

/** The daemon of a home; one that is starting may still be stopped by its pid. */
export type FoundDaemon =
  | ({ readonly kind: 'serving'; readonly version: string; readonly protocol: number } & DaemonAddress)
  | { readonly kind: 'starting'; readonly pid: number };

/** Where a daemon would listen. */
export type Listener = { readonly host: string; readonly port: number };

/** Which daemon is meant, and where a new one listens. Ports are text as they were typed. */
export type Place = {
  readonly home: string;
  readonly controlPort: string | undefined;
  readonly agentPort: string | undefined;
  /** Allows a host outside loopback without TLS, as `insecureBind` in the file does. */
  readonly insecureBind?: boolean;
};

/** A daemon in this process. */
export type Serving = DaemonAddress & {
  readonly folder: string;
  readonly setAside: string | null;
  readonly stop: () => void;
  readonly ended: Promise<void>;
};

/** Who can be seen in the demo: all but the first are the real ones. */
export const demoAgents = ['scripted', 'claude', 'codex', 'gemini'] as const;
export type DemoAgent = (typeof demoAgents)[number];
export type DemoOptions = { readonly agent: DemoAgent; readonly keep: boolean; readonly json: boolean };

/** A setting of the agent's own that keeps it from the gateway. */
export type Obstacle = { readonly says: string; readonly hint: string };

/** What the daemon answers when an agent asks whose profile it is to use. */
export type ProfileTurn =
  | { readonly kind: 'gateway' }
  | { readonly kind: 'use'; readonly account: string; readonly profile: string; readonly moved: boolean }
  | { readonly kind: 'nobody'; readonly says: string };

/** What a run in profiles asks of the daemon. */
export interface ProfileTurns {
  begin(wish: {
    session: string | null;
    /** Whether that conversation exists already. */
    resumes: boolean;
    model: string | null;
    /** False for a command without a conversation, which any account may run. */
    converses: boolean;
    /** The account that has the conversation, when another is to take it over. */
    from: string | null;
  }): Promise<ProfileTurn>;
  report(report: {
    account: string;
    session: string | null;
    model: string | null;
    sentAt: number;
    signal: object | null;
    served: boolean;
  }): Promise<void>;
}

export type ProfileRun = {
  readonly agent: string;
  readonly args: readonly string[];
  readonly turns: ProfileTurns;
  /** Where an executable is. Throws a Problem when it is not on the PATH. */
  readonly find: (command: string, install: string) => string;
  /** A line on stderr. */
  readonly tell: (line: string) => void;
};

/** Logging in with an agent's own login. */
export type ProfileLogin = Omit<ProfileRun, 'turns'> & {
  readonly home: string;
  readonly label: string;
  /** The directory, where the account has one already. */
  readonly profile: string | null;
};

/** The settings of a home, with no daemon in between: a file that is wrong keeps it from starting. */
export interface SettingsFile {
  readonly path: string;
  /** Null where there is none. */
  read(): Promise<string | null>;
  /** Throws a Problem that names line and setting. */
  check(text: string): void;
  write(text: string): Promise<void>;
  /** Keeps a text that cannot be used; returns where. */
  keepAside(text: string): Promise<string>;
  openDraft(text: string): Promise<Draft>;
}
type Draft = { readonly path: string; read(): Promise<string>; remove(): Promise<void> };

/** The daemon as a service of this machine. */
export interface Service {
  /** Throws a Problem where it cannot be one. `left` are variables of this shell that it will not have. */
  install(
    place: Place,
    start: boolean,
  ): Promise<{ readonly file: string; readonly changed: boolean; readonly left: readonly string[] }>;
  /** False when there was none. Throws a Problem where it is for another home. */
  remove(home: string): Promise<boolean>;
  status(): Promise<ServiceState>;
}

export type ServiceState = {
  readonly manager: string;
  readonly file: string;
  readonly home: string | null;
  readonly enabled: boolean;
  readonly pid: number | null;
  readonly atBoot: boolean | null;
  readonly bootHint: string | null;
  readonly editHint: string;
};

export type McpWish = {
  readonly client: Client;
  readonly operations: readonly AnyOperation[];
  /** Takes what is no Problem. */
  readonly bug: (error: unknown) => void;
};

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
  readonly providers: readonly string[];
  /** The agent that uses accounts of a provider. */
  agentOf(provider: string): string | undefined;
  /** The daemon that runs in a home; undefined when none does. */
  findDaemon(home: string): Promise<FoundDaemon | undefined>;
  /** True when the last daemon of a home ended without being stopped, and no other runs. */
  hasCrashed(home: string): Promise<boolean>;
  /** Where a daemon that starts now would listen, by config.toml and what was given here. Throws a Problem when it is wrong. */
  listeners(place: Place): Promise<{ readonly control: Listener; readonly agent: Listener }>;
  /** What keeps an agent from the gateway when it is started here with these arguments. */
  obstacles(agent: string, home: string, args: readonly string[]): Promise<readonly Obstacle[]>;
  /** The agent by its own name or that of its provider, with the provider. Undefined for another word. */
  agentNamed(name: string): { readonly agent: string; readonly provider: string } | undefined;
  /** Runs an agent on the profiles of a pool; `gateway` when it turns out to have none. */
  runOnProfiles(run: ProfileRun): Promise<number | 'gateway'>;
  /** Lets the user log in with the agent itself. Resolves with the directory; throws a Problem, and leaves nothing, when there is no login then. */
  logIn(login: ProfileLogin): Promise<string>;
  serve(place: Place, passphrase: () => Promise<string>): Promise<Serving>;
  demo(options: DemoOptions): Promise<number>;
  /** Every setting there is; `type` lists the values that it takes, where those are few. */
  settingNames(): Promise<readonly { readonly field: string; readonly type: string; readonly description: string }[]>;
  settingsFile(home: string): Promise<SettingsFile>;
  /** What operations on settings act on where no daemon runs. */
  settings(home: string, toChange: boolean): Promise<Settings>;
  /** Throws a Problem where this machine has no services. */
  service(): Promise<Service>;
  /** Speaks MCP on stdin and stdout until the client ends it. */
  serveMcp(wish: McpWish): Promise<void>;
}
