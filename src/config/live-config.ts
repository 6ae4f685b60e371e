import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../core/problem.ts';
import type { Config } from './config-schema.ts';
import { changedFields } from './field.ts';
import { loadParts, readConfigFile } from './load-config.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { parts, readParts, type Part, type PartFault } from './parts.ts';
import { actingOn } from './restart.ts';

/** What a change of the file came to. */
export type ConfigEvent =
  /** New values; those of `pending` act after a restart. */
  | {
      readonly kind: 'changed';
      readonly fields: readonly string[];
      readonly pending: readonly string[];
      /** Those, acting or pending, that nobody announced: somebody edited the file. */
      readonly edited: readonly string[];
    }
  /** A section that is wrong, told once; it stays as it was. */
  | { readonly kind: 'refused'; readonly part: string; readonly problem: Problem }
  /** A section that was wrong, and is right again. */
  | { readonly kind: 'mended'; readonly part: string }
  /** A bug of somebody who acts on a section. */
  | { readonly kind: 'failed'; readonly part: Part; readonly error: unknown };

export type LiveConfigOptions = {
  readonly path: string;
  readonly overrides: Overrides;
  readonly tell: (event: ConfigEvent) => void;
  /** How often the file is looked at besides: what a watcher misses, such as a link's target. */
  readonly pollMs?: number;
};

const usualPollMs = 2000;
/** An editor writes a file in several steps. */
const settleMs = 50;

/**
 * Reads the settings, and follows the file from then on. A section that is wrong has its defaults, and is one of `faults`;
 * throws a Problem where it is one that the start needs.
 */
export async function openConfig(options: LiveConfigOptions): Promise<LiveConfig> {
  const { path, overrides } = options;
  const stamp = await stampOf(path);
  const { config: wanted, faults } = await loadParts(path, overrides.insecureBind);
  const live = new LiveConfig(options, { wanted, faults, started: applyOverrides(wanted, overrides), stamp });
  live.start();
  return live;
}

type Beginning = {
  readonly wanted: Config;
  readonly started: Config;
  readonly faults: readonly PartFault[];
  readonly stamp: string;
};

/** The settings that act. A section of the file that is wrong stays as it was, and keeps no other from acting. */
export class LiveConfig {
  readonly path: string;
  readonly #options: LiveConfigOptions;
  readonly #started: Config;
  readonly #listeners = new Map<Part, Set<(config: Config) => void>>();
  #wanted: Config;
  #acting: Config;
  #faults: readonly PartFault[];
  /** Sections that were never right since the start. */
  #neverRight: ReadonlySet<string>;
  /** Settings that somebody is about to change by other means than an editor. */
  readonly #announced = new Set<string>();
  #stamp: string;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settling: NodeJS.Timeout | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: LiveConfigOptions, { wanted, started, faults, stamp }: Beginning) {
    this.path = options.path;
    this.#options = options;
    this.#wanted = wanted;
    this.#started = started;
    this.#acting = started;
    this.#faults = faults;
    this.#neverRight = new Set(faults.map(({ part }) => part));
    this.#stamp = stamp;
  }

  start(): void {
    if (this.#poll !== undefined) return;
    const name = basename(this.path);
    try {
      // The folder: an editor replaces the file, and a watcher of it would follow the old one.
      this.#watcher = watch(dirname(this.path), { persistent: false }, (_, changed) => {
        if (changed === name || changed === null) this.#soon();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      // A system that is out of watchers has the other way left.
    }
    this.#poll = setInterval(() => void this.#look(), this.#options.pollMs ?? usualPollMs);
    this.#poll.unref();
  }

  /** Resolves when nobody is told anything any more. */
  async stop(): Promise<void> {
    this.#watcher?.close();
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#poll = undefined;
    this.#listeners.clear();
    await this.#reloading;
  }

  /** The settings that act: those of the file, but for what is read at the start only. */
  current(): Config {
    return this.#acting;
  }

  /** The settings of the file, wrong sections as they were, whether they act already or not. */
  wanted(): Config {
    return this.#wanted;
  }

  faults(): readonly PartFault[] {
    return this.#faults;
  }

  /** What is wrong with a section, or with the file as a whole. */
  faultOf(part: Part): PartFault | undefined {
    return this.#faults.find((each) => each.part === part || each.part === '');
  }

  /** What is wrong with a section that was never right since the start: its defaults are not what anybody wanted. */
  neverRight(part: Part): PartFault | undefined {
    return this.#neverRight.has(part) ? this.faultOf(part) : undefined;
  }

  /** Whether a flag allows what `insecureBind` does. */
  get insecureBind(): boolean {
    return this.#options.overrides.insecureBind === true;
  }

  /** A change of this setting is no edit of the file, until the function that is returned is called. */
  announce(field: string): () => void {
    this.#announced.add(field);
    return () => void this.#announced.delete(field);
  }

  /** Settings whose new value acts after a restart. */
  pendingRestart(): readonly string[] {
    return changedFields(this.#acting, this.#overridden(this.#wanted));
  }

  /** Calls whoever acts on a section when that changes; returns how to end it. */
  onChange(part: Part, listener: (config: Config) => void): () => void {
    const all = this.#listeners.get(part) ?? new Set();
    this.#listeners.set(part, all.add(listener));
    return () => void all.delete(listener);
  }

  /** Reads the file now; resolves when everybody was told. */
  reload(): Promise<void> {
    const reading = this.#reloading.then(() => this.#read());
    this.#reloading = reading.catch(() => undefined);
    return reading;
  }

  #soon(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      void this.reload();
    }, settleMs);
    this.#settling.unref();
  }

  async #look(): Promise<void> {
    const stamp = await stampOf(this.path);
    if (stamp !== this.#stamp && this.#poll !== undefined && this.#settling === undefined) this.#soon();
  }

  async #read(): Promise<void> {
    const pendingBefore = this.pendingRestart();
    this.#stamp = await stampOf(this.path);
    const { config, faults } = await this.#parts();
    const old = this.#faults;
    this.#faults = faults;
    for (const each of faults) {
      if (old.some((known) => isSame(known, each))) continue;
      this.#options.tell({ kind: 'refused', part: each.part, problem: each.problem });
    }
    for (const part of new Set(old.map((each) => each.part))) {
      if (!faults.some((each) => each.part === part)) this.#options.tell({ kind: 'mended', part });
    }
    // A file that cannot be read says nothing about its sections.
    if (!faults.some(({ part }) => part === ''))
      this.#neverRight = new Set([...this.#neverRight].filter((part) => faults.some((each) => each.part === part)));
    const before = this.#acting;
    const edited = changedFields(this.#wanted, config).filter((field) => !this.#isAnnounced(field));
    this.#wanted = config;
    this.#acting = actingOn(this.#started, this.#overridden(config));
    const fields = changedFields(before, this.#acting);
    const pending = this.pendingRestart();
    if (fields.length > 0 || edited.length > 0 || !isDeepStrictEqual(pending, pendingBefore))
      this.#options.tell({ kind: 'changed', fields, pending, edited });
    for (const part of parts) {
      if (!isDeepStrictEqual(before[part], this.#acting[part])) this.#tellListeners(part);
    }
  }

  /** A table whose names are the user’s is one setting while it is empty. */
  #isAnnounced(field: string): boolean {
    return [...this.#announced].some((own) => `${own}.`.startsWith(`${field}.`) || `${field}.`.startsWith(`${own}.`));
  }

  #tellListeners(part: Part): void {
    for (const listener of [...(this.#listeners.get(part) ?? [])]) {
      try {
        listener(this.#acting);
      } catch (error) {
        this.#options.tell({ kind: 'failed', part, error });
      }
    }
  }

  async #parts(): Promise<{ readonly config: Config; readonly faults: readonly PartFault[] }> {
    try {
      return readParts((await readConfigFile(this.path)) ?? '', this.path, {
        held: this.#wanted,
        insecureBind: this.insecureBind,
      });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { config: this.#wanted, faults: [{ part: '', fault: null, problem: error }] };
    }
  }

  /** Flags stay before the file; where the two do not go together any more, the next start says so. */
  #overridden(config: Config): Config {
    try {
      return applyOverrides(config, this.#options.overrides);
    } catch (error) {
      if (error instanceof Problem) return config;
      throw error;
    }
  }
}

function isSame(a: PartFault, b: PartFault): boolean {
  return a.part === b.part && a.problem.message === b.problem.message;
}

/** Tells one state of a file from another; empty when there is none. */
export async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}
