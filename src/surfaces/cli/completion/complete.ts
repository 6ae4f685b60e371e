import type { Argument, Command, Option } from 'commander';

/** What may stand where the cursor is. */
export type Completion = {
  readonly candidates: readonly Candidate[];
  /** The shell completes paths itself. */
  readonly paths: 'files' | 'folders' | null;
};
export type Candidate = { readonly value: string; readonly description: string };

/** Where names come from that no command line knows. */
export type Names = {
  /** By the name of the argument or option that wants them, with the command it belongs to: `account`, `pool`. */
  of(wanted: string, place: Place): Promise<Found> | Found;
  /** Commands whose arguments are somebody else’s. */
  readonly foreign: readonly string[];
};
export type Found = readonly Candidate[] | 'files' | 'folders';
/** The words of the command, such as `pool move`, the arguments that it has already, and what is typed of the word. */
export type Place = {
  readonly command: string;
  readonly taken: readonly string[];
  readonly typed: string;
  readonly home: string | undefined;
};

const nothing: Completion = { candidates: [], paths: null };

/** Completes the last word of a command line; the words are those behind `stint`. */
export async function complete(root: Command, words: readonly string[], names: Names): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const state = walk(root, words.slice(0, -1), names.foreign);
  if (state === 'foreign') return { candidates: [], paths: 'files' };
  const place = { command: pathOf(state.command), taken: state.taken, typed, home: state.home };
  if (state.pending !== null) return valuesOf(state.pending, { names, place });
  const assigned = /^(--[^=]+)=(.*)$/s.exec(typed);
  if (assigned !== null && !state.onlyArguments) return completeAssigned(state, assigned, { names, place });
  if (typed.startsWith('-') && !state.onlyArguments) return matching(optionsOf(state.command), typed);
  if (state.command.commands.length > 0)
    return state.taken.length > 0 ? nothing : matching(commandsOf(state.command), typed);
  const argument = argumentAt(state.command, state.taken.length);
  if (argument !== undefined) return valuesOf(argument, { names, place }, state.taken);
  return typed === '' ? matching(optionsOf(state.command), typed) : nothing;
}

type State = {
  readonly command: Command;
  /** What stands without a flag already. */
  readonly taken: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | null;
  /** True behind `--`. */
  readonly onlyArguments: boolean;
  readonly home: string | undefined;
};

function walk(root: Command, words: readonly string[], foreign: readonly string[]): State | 'foreign' {
  let state: State = { command: root, taken: [], pending: null, onlyArguments: false, home: undefined };
  for (const word of words) {
    if (state.pending !== null && !word.startsWith('-')) state = consume(state, state.pending, word);
    else if (word === '--') state = { ...state, pending: null, onlyArguments: true };
    else if (word.startsWith('-') && !state.onlyArguments)
      state = { ...state, pending: word.includes('=') ? null : wantsValue(state.command, word) };
    else {
      const inner = state.command.commands.find((each) => each.name() === word);
      if (inner !== undefined && foreign.includes(word)) return 'foreign';
      state = inner === undefined ? { ...state, taken: [...state.taken, word] } : { ...state, command: inner };
    }
  }
  return state;
}

/** An option that takes several goes on until the next flag. */
function consume(state: State, option: Option, word: string): State {
  return {
    ...state,
    pending: option.variadic ? option : null,
    home: option.attributeName() === 'home' ? word : state.home,
  };
}

function wantsValue(command: Command, flag: string): Option | null {
  const option = optionNamed(command, flag);
  return option?.required === true ? option : null;
}

function optionNamed(command: Command, flag: string): Option | undefined {
  const own = command.options.find((each) => each.long === flag || each.short === flag);
  return own ?? (command.parent === null ? undefined : optionNamed(command.parent, flag));
}

type Sources = { readonly names: Names; readonly place: Place };

/** `--strategy=st`: the shell takes the flag for a part of the word. */
async function completeAssigned(
  { command }: State,
  [, flag = '', typed = '']: RegExpExecArray,
  { names, place }: Sources,
): Promise<Completion> {
  const option = optionNamed(command, flag);
  if (option === undefined) return nothing;
  const { candidates, paths } = await valuesOf(option, { names, place: { ...place, typed } });
  return { candidates: candidates.map((each) => ({ ...each, value: `${flag}=${each.value}` })), paths };
}

async function valuesOf(
  wanted: Option | Argument,
  { names, place }: Sources,
  taken: readonly string[] = [],
): Promise<Completion> {
  if (wanted.argChoices !== undefined) return matching(wanted.argChoices.map(plain), place.typed);
  const name = 'attributeName' in wanted ? wanted.attributeName() : wanted.name();
  const found = await names.of(name, place);
  if (found === 'files' || found === 'folders') return { candidates: [], paths: found };
  return matching(
    found.filter((each) => !taken.includes(each.value)),
    place.typed,
  );
}

export function plain(value: string): Candidate {
  return { value, description: '' };
}

function matching(candidates: readonly Candidate[], typed: string): Completion {
  return { candidates: candidates.filter((each) => each.value.startsWith(typed)), paths: null };
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), description: each.summary() || each.description() }));
}

function optionsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((each) => ({ value: each.long ?? each.short ?? '', description: each.description }));
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const last = command.registeredArguments.at(-1);
  return command.registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

function pathOf(command: Command): string {
  return command.parent === null ? '' : `${pathOf(command.parent)} ${command.name()}`.trim();
}
