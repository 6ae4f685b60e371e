import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../core/problem.ts';
import { findConflicts } from './conflict.ts';
import { configSchema, type Config } from './config-schema.ts';
import { faultProblem, firstFault, parseToml, type Fault } from './fault.ts';

/** A part of the settings that cannot be used as the file has it. */
export type PartFault = {
  /** The name of the section; empty where the file is no TOML. */
  readonly part: string;
  /** Null where the file is no TOML. */
  readonly fault: Fault | null;
  readonly problem: Problem;
};

export type Part = keyof Config;
const sections = configSchema.unwrap().shape;
export const parts = Object.keys(sections) as readonly Part[];

export type ReadParts = { readonly config: Config; readonly faults: readonly PartFault[] };

/** What a listener or the vault needs: with anything else than what was meant there, no daemon is to start. */
const essential: readonly string[] = ['', 'control', 'agent', 'insecureBind', 'network', 'vault'];

/** What keeps a daemon from starting; every other section that is wrong starts with its defaults. */
export function findEssential(faults: readonly PartFault[]): PartFault | undefined {
  return faults.find(({ part }) => essential.includes(part));
}

/** What a file is read over. */
export type Base = {
  /** What stands in for a section that is wrong. */
  readonly held: Config;
  /** Whether a flag allows what `insecureBind` does. */
  readonly insecureBind?: boolean;
};

/** Parses each section by itself: one that is wrong stays as it is held, and the others are as the file has them. */
export function readParts(toml: string, path: string, base: Base): ReadParts {
  const { held } = base;
  const read = parseToml(toml, path);
  if (read.kind === 'broken') return { config: held, faults: [{ part: '', fault: null, problem: read.problem }] };
  const faults: PartFault[] = [];
  const refuse = (part: string, fault: Fault) => faults.push({ part, fault, problem: faultProblem(fault, toml, path) });
  for (const name of Object.keys(read.table)) {
    if (!parts.some((part) => part === name)) refuse(name, { path: [name], says: 'is not a setting' });
  }
  const values = parts.map((part): [Part, unknown] => {
    const parsed = sections[part].safeParse(read.table[part]);
    if (parsed.success) return [part, parsed.data];
    refuse(part, firstFault(parsed.error, [part]));
    return [part, held[part]];
  });
  const settled = settle(Object.fromEntries(values) as Config, base);
  for (const conflict of settled.conflicts) refuse(String(conflict.path[0]), conflict);
  return { config: settled.config, faults };
}

/** Takes sections back until none is left that does not go with another; those that are held go together. */
function settle(read: Config, base: Base): { readonly config: Config; readonly conflicts: readonly Fault[] } {
  const { held } = base;
  const [conflict] = findConflicts({ ...read, insecureBind: read.insecureBind || base.insecureBind === true });
  if (conflict === undefined) return { config: read, conflicts: [] };
  const concerned = parts.filter((part) => part === conflict.path[0] || part === conflict.other[0]);
  const back = concerned.filter((part) => !isDeepStrictEqual(read[part], held[part]));
  if (back.length === 0) return { config: held, conflicts: [conflict] };
  const fewer = { ...read, ...Object.fromEntries(back.map((part) => [part, held[part]])) };
  const rest = settle(fewer, base);
  return { config: rest.config, conflicts: [conflict, ...rest.conflicts] };
}
