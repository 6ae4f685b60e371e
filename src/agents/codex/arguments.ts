import {
  lastOption,
  parseArguments,
  spellOut,
  withoutParts,
  type OptionForms,
  type ParsedArguments,
} from '../arguments.ts';
import type { AttemptStart, Plan } from '../profile.ts';

/** From `codex --help` and `codex exec --help` of 0.169.0. */
const forms: OptionForms = {
  one: new Set([
    ...['-c', '--config', '--enable', '--disable', '--remote', '--remote-auth-token-env', '-m', '--model', '-p'],
    ...['--profile', '--local-provider', '-s', '--sandbox', '-C', '--cd', '--add-dir', '-a', '--ask-for-approval'],
    ...['--output-schema', '--color', '-o', '--output-last-message', '--thread-source'],
    '--cyber-access-program',
  ]),
  optional: new Set(),
  many: new Set(['-i', '--image']),
  letters: new Set(['-h', '-V']),
};

const goOn = 'Continue where you left off.';

export function parseCodexArgs(args: readonly string[]): ParsedArguments {
  return parseArguments(args, forms);
}

/** The keys that `-c key=value` sets. */
export function configValues(args: readonly string[]): string[] {
  const { options } = parseCodexArgs(args);
  const set = options.filter(({ name }) => name === '-c' || name === '--config');
  return set.map(({ value }) => (value ?? '').split('=')[0]?.trim() ?? '').filter((key) => key !== '');
}

/** Reads a command line of Codex. A new conversation's id is not known before Codex tells it. */
export function planCodex(given: readonly string[], { terminal }: { terminal: boolean }): Plan {
  const args = spellOut(given, forms);
  const parsed = parseCodexArgs(args);
  const command = commandOf(parsed);
  const plain = { args, environment: {}, model: lastOption(parsed, '-m', '--model')?.value ?? null };
  const asked = lastOption(parsed, '-h', '--help', '-V', '--version') !== undefined;
  if (command === null || asked) {
    const channels = { stdout: 'inherit', stderr: 'inherit', interactive: false, fed: true } as const;
    return { ...plain, ...channels, converses: false, session: null, resumes: false, takeover: null };
  }
  const headless = command.kind === 'exec';
  const named = command.session?.value ?? null;
  const isId = named !== null && /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(named);
  const kept = lastOption(parsed, '--ephemeral', '--worktree', '--remote') === undefined;
  return {
    ...plain,
    // The shared background server would go on with the account that it was started with.
    args: headless ? args : ['--no-daemon', ...args],
    converses: true,
    session: isId ? named : null,
    resumes: command.resumes,
    folder: lastOption(parsed, '-C', '--cd')?.value ?? undefined,
    interactive: !headless && terminal,
    fed: !headless,
    stdout: headless ? (lastOption(parsed, '--json') === undefined ? 'whole' : 'lines') : 'inherit',
    stderr: 'inherit',
    takeover: kept ? (id) => takeOver(args, parsed, { ...command, id }) : null,
  };
}

type Command = {
  readonly kind: 'exec' | 'terminal';
  readonly resumes: boolean;
  readonly session: ParsedArguments['words'][number] | undefined;
};

/** Every other first word that Codex knows is a command without a conversation of this terminal. */
const otherCommands = new Set([
  ...['agents', 'review', 'login', 'logout', 'mcp', 'plugin', 'app-server', 'remote-control', 'completion', 'update'],
  ...['doctor', 'sandbox', 'debug', 'apply', 'a', 'queue', 'archive', 'delete', 'migrate-rollouts', 'migrate-nfs-db'],
  ...['unarchive', 'cloud', 'exec-server', 'features', 'help', 'mcp-server', 'proto'],
]);

function commandOf(parsed: ParsedArguments): Command | null {
  const [first, second, third] = parsed.words;
  const last = lastOption(parsed, '--last') !== undefined;
  switch (first?.value) {
    case 'exec':
    case 'e': {
      if (second?.value === 'review' || second?.value === 'help') return null;
      const resumes = second?.value === 'resume';
      return { kind: 'exec', resumes, session: resumes && !last ? third : undefined };
    }
    case 'resume':
      return { kind: 'terminal', resumes: true, session: last ? undefined : second };
    case 'fork':
      return { kind: 'terminal', resumes: true, session: undefined };
    default:
      return otherCommands.has(first?.value ?? '') ? null : { kind: 'terminal', resumes: false, session: undefined };
  }
}

function takeOver(
  args: readonly string[],
  parsed: ParsedArguments,
  { kind, id }: { kind: Command['kind']; id: string },
): AttemptStart {
  const gone = parsed.options.filter(({ name }) => ['--last', '--all', '-i', '--image'].includes(name));
  // Where an option stands matters: some are taken before `exec` only, some behind it only.
  const words = kind === 'exec' ? parsed.words.slice(1) : parsed.words;
  const rest = withoutParts(args, [...gone, ...words]);
  const first = kind === 'exec' ? [] : ['--no-daemon'];
  return { args: [...first, ...rest, 'resume', id, goOn], environment: {} };
}
