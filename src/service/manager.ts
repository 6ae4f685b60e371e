/** How the daemon is run by whoever starts services. */
export type ServiceSetup = {
  readonly home: string;
  /** Executable and arguments, all paths absolute, that run the daemon in the foreground. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Longer than open requests have to end. */
  readonly stopSeconds: number;
  /** Whether to start it at once, besides at every login. */
  readonly start: boolean;
};

export type ServiceStatus = {
  readonly manager: 'systemd' | 'launchd';
  /** Where it is written down. */
  readonly file: string;
  /** The home that the file is for; null where there is none. */
  readonly home: string | null;
  /** Whether it starts by itself. */
  readonly enabled: boolean;
  readonly pid: number | null;
  /** Whether that is at boot, and not only when its user logs in; null where nobody says. */
  readonly atBoot: boolean | null;
  /** How to have it from boot on. */
  readonly bootHint: string | null;
  /** How to give it more variables. */
  readonly editHint: string;
};

export type Installed = {
  readonly file: string;
  /** False when the file was there as it is. */
  readonly changed: boolean;
};

/** Whoever starts services of a user on this machine. */
export interface ServiceManager {
  /** Throws a Problem, and leaves things as they were, when the manager refuses. */
  install(setup: ServiceSetup): Promise<Installed>;
  /** False when there was none. Throws a Problem where it is for another home. */
  remove(home: string): Promise<boolean>;
  status(): Promise<ServiceStatus>;
}

/** Whose machine this is. */
export type Machine = {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Folder of the user. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
};
