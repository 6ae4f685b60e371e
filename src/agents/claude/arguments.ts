import {
  lastOption,
  parseArguments,
  spellOut,
  withoutParts,
  type OptionForms,
  type ParsedArguments,
} from '../arguments.ts';
import type { AttemptStart, Plan } from '../profile.ts';

/** From `claude --help` of 2.1.197. */
const forms: OptionForms = {
  one: new Set([
    ...['--agent', '--agents', '--append-system-prompt', '--append-system-prompt-file', '--debug-file', '--effort'],
    ...['--fallback-model', '--input-format', '--json-schema', '--max-budget-usd', '--max-turns', '--model', '-n'],
    ...['--name', '--output-format', '--permission-mode', '--permission-prompt-tool', '--plugin-dir', '--plugin-url'],
    ...['--remote-control-session-name-prefix', '--session-id', '--setting-sources', '--settings', '--system-prompt'],
    ...['--system-prompt-file'],
  ]),
  optional: new Set([
    ...['-d', '--debug', '--from-pr', '--prompt-suggestions', '--remote-control', '-r', '--resume', '-w', '--worktree'],
  ]),
  many: new Set([
    ...['--add-dir', '--allowedTools', '--allowed-tools', '--betas', '--disallowedTools', '--disallowed-tools'],
    ...['--file', '--mcp-config', '--tools'],
  ]),
  letters: new Set(['-c', '-h', '-p', '-v']),
};

/** Commands that hold no conversation of this terminal. */
const commands = new Set([
  ...['agents', 'attach', 'auth', 'auto-mode', 'config', 'doctor', 'gateway', 'install', 'logs', 'mcp'],
  ...['migrate-installer', 'plugin', 'plugins', 'project', 'setup-token', 'stop', 'ultrareview', 'update', 'upgrade'],
]);
const withoutConversation = ['-h', '--help', '-v', '--version', '--bg', '--background'];
const sessionOptions = ['-r', '--resume', '-c', '--continue', '--session-id', '--fork-session', '--from-pr'];

/** What Claude Code 2.1.197 says itself when it takes up a turn that was cut. */
const goOn = 'Continue from where you left off.';

/** Reads a command line of Claude Code, and chooses the session id where the user did not. */
export function planClaude(
  given: readonly string[],
  { terminal, newSession }: { terminal: boolean; newSession: () => string },
): Plan {
  const args = spellOut(given, forms);
  const parsed = parseArguments(args, forms);
  const has = (...names: string[]): boolean => lastOption(parsed, ...names) !== undefined;
  const prints = has('-p', '--print') || !terminal;
  const streams = lastOption(parsed, '--output-format')?.value === 'stream-json';
  const plain = { args, environment: {}, model: lastOption(parsed, '--model')?.value ?? null };
  if (commands.has(parsed.words[0]?.value ?? '') || has(...withoutConversation)) {
    const channels = { stdout: 'inherit', stderr: 'inherit', interactive: false, fed: true } as const;
    return { ...plain, ...channels, converses: false, session: null, resumes: false, takeover: null };
  }
  const session = sessionOf(parsed, newSession);
  // A worktree is another folder, and a background session another process.
  const movable = !has('--no-session-persistence', '-w', '--worktree', '--tmux');
  return {
    ...plain,
    ...session,
    args: session.chosen ? ['--session-id', session.session ?? '', ...args] : args,
    converses: true,
    interactive: !prints,
    fed: !prints || lastOption(parsed, '--input-format')?.value === 'stream-json',
    stdout: prints ? (streams ? 'lines' : 'whole') : 'inherit',
    stderr: 'inherit',
    takeover: movable ? (id) => takeOver(args, parsed, id) : null,
  };
}

type SessionPlan = { readonly session: string | null; readonly resumes: boolean; readonly chosen: boolean };

function sessionOf(parsed: ParsedArguments, newSession: () => string): SessionPlan {
  const given = lastOption(parsed, '--session-id')?.value;
  if (given !== undefined && given !== null) return { session: given, resumes: false, chosen: false };
  const resumed = lastOption(parsed, '-r', '--resume');
  const forks = lastOption(parsed, '--fork-session') !== undefined;
  if (resumed !== undefined && resumed.value !== null && !forks)
    return { session: resumed.value, resumes: true, chosen: false };
  const goesOn = resumed ?? lastOption(parsed, '-c', '--continue', '--from-pr');
  if (goesOn !== undefined && !forks) return { session: null, resumes: true, chosen: false };
  return { session: newSession(), resumes: false, chosen: true };
}

function takeOver(args: readonly string[], parsed: ParsedArguments, session: string): AttemptStart {
  const gone = parsed.options.filter(({ name }) => sessionOptions.includes(name));
  const rest = withoutParts(args, [...gone, ...parsed.words]);
  if (lastOption(parsed, '--input-format')?.value === 'stream-json') {
    // Its prompts come on stdin; this makes it finish the turn that was cut before it reads the next.
    return { args: ['--resume', session, ...rest], environment: { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1' } };
  }
  return { args: ['--resume', session, ...rest, '--', goOn], environment: {} };
}
