import {
  lastOption,
  parseArguments,
  spellOut,
  withoutParts,
  type OptionForms,
  type ParsedArguments,
} from '../arguments.ts';
import type { AttemptStart, Plan } from '../profile.ts';

/** From `gemini --help` of 0.61.0. */
const forms: OptionForms = {
  one: new Set([
    ...[
      '-m',
      '--model',
      '-p',
      '--prompt',
      '-i',
      '--prompt-interactive',
      '--approval-mode',
      '--policy',
      '--admin-policy',
    ],
    ...['--allowed-mcp-server-names', '--allowed-tools', '-e', '--extensions', '--include-directories', '--session-id'],
    ...['--session-file', '--delete-session', '-o', '--output-format'],
  ]),
  optional: new Set(['-r', '--resume', '-w', '--worktree']),
  many: new Set(),
  letters: new Set(['-d', '-h', '-l', '-s', '-v', '-y']),
};

const commands = new Set(['mcp', 'extensions', 'extension', 'skills', 'skill', 'hooks', 'hook', 'gemma']);
const withoutConversation = [
  ...['-h', '--help', '-v', '--version', '-l', '--list-extensions', '--list-sessions', '--delete-session', '--acp'],
  '--experimental-acp',
];
const sessionOptions = ['-r', '--resume', '--session-id', '--session-file'];
const promptOptions = ['-p', '--prompt', '-i', '--prompt-interactive'];
const goOn = 'Continue where you left off.';

/** Kept from starting itself as a child: a signal then reaches the process that works. Gemini CLI 0.61.0. */
const oneProcess = { GEMINI_CLI_NO_RELAUNCH: 'true' };

/** Reads a command line of Gemini CLI, and chooses the session id where the user did not. */
export function planGemini(
  given: readonly string[],
  { terminal, newSession }: { terminal: boolean; newSession: () => string },
): Plan {
  const args = spellOut(given, forms);
  const parsed = parseArguments(args, forms);
  const has = (...names: string[]): boolean => lastOption(parsed, ...names) !== undefined;
  const plain = { args, environment: oneProcess, model: lastOption(parsed, '-m', '--model')?.value ?? null };
  if (commands.has(parsed.words[0]?.value ?? '') || has(...withoutConversation)) {
    const channels = { stdout: 'inherit', stderr: 'inherit', interactive: false, fed: true } as const;
    return { ...plain, ...channels, converses: false, session: null, resumes: false, takeover: null };
  }
  const interactive = terminal && !has('-p', '--prompt');
  const streams = lastOption(parsed, '-o', '--output-format')?.value === 'stream-json';
  const session = sessionOf(parsed, newSession);
  return {
    ...plain,
    ...session,
    args: session.chosen ? ['--session-id', session.session ?? '', ...args] : args,
    converses: true,
    interactive,
    fed: interactive,
    stdout: interactive ? 'inherit' : streams ? 'lines' : 'whole',
    stderr: interactive ? 'inherit' : 'lines',
    takeover: has('-w', '--worktree', '--session-file') ? null : (id) => takeOver(args, parsed, { id, interactive }),
  };
}

type SessionPlan = { readonly session: string | null; readonly resumes: boolean; readonly chosen: boolean };

function sessionOf(parsed: ParsedArguments, newSession: () => string): SessionPlan {
  const given = lastOption(parsed, '--session-id')?.value;
  if (given !== undefined && given !== null) return { session: given, resumes: false, chosen: false };
  const resumed = lastOption(parsed, '-r', '--resume', '--session-file');
  if (resumed === undefined) return { session: newSession(), resumes: false, chosen: true };
  // `latest` and numbers name one as well, which Gemini alone knows.
  const isId = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(resumed.value ?? '');
  return { session: isId ? resumed.value : null, resumes: true, chosen: false };
}

function takeOver(
  args: readonly string[],
  parsed: ParsedArguments,
  { id, interactive }: { id: string; interactive: boolean },
): AttemptStart {
  const gone = parsed.options.filter(({ name }) => [...sessionOptions, ...promptOptions].includes(name));
  const rest = withoutParts(args, [...gone, ...parsed.words]);
  const prompt = interactive ? '-i' : '-p';
  return { args: ['--resume', id, ...rest, prompt, goOn], environment: oneProcess };
}
