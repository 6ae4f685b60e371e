import { describe, expect, test } from 'bun:test';
import { claudeProfile } from './claude/profile.ts';
import { codexProfile } from './codex/profile.ts';
import { geminiProfile } from './gemini/profile.ts';
import type { Plan, ProfileMode } from './profile.ts';

const fresh = '00000000-0000-4000-8000-000000000001';
const known = '11111111-1111-4111-8111-111111111111';

function planOf(mode: ProfileMode, line: string, terminal = false): Plan {
  return mode.plan(words(line), { terminal, newSession: () => fresh });
}

/** A line as a shell would cut it, with single quotes only. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
}

/** The command line with which another account takes over; null where none can. */
function takeoverOf(mode: ProfileMode, line: string, terminal = false): readonly string[] | null {
  return planOf(mode, line, terminal).takeover?.(known).args ?? null;
}

describe('a new conversation of Claude Code', () => {
  test.each(['-p hi', '--model opus -p hi', '', '-r --fork-session', '--continue --fork-session -p hi'])(
    'of %p gets an id',
    (line) => {
      expect(planOf(claudeProfile, line)).toMatchObject({
        session: fresh,
        resumes: false,
        args: ['--session-id', fresh, ...words(line)],
      });
    },
  );

  test.each([
    [`--session-id ${known} -p hi`, { session: known, resumes: false }],
    [`--resume ${known} -p hi`, { session: known, resumes: true }],
    [`--resume=${known}`, { session: known, resumes: true }],
    ['-c', { session: null, resumes: true }],
    ['-r', { session: null, resumes: true }],
    ['--from-pr 12', { session: null, resumes: true }],
  ])('is not begun by %p', (line, expected) => {
    expect(planOf(claudeProfile, line)).toMatchObject(expected);
  });
});

describe('what another account goes on with in Claude Code', () => {
  const goOn = ['--', 'Continue from where you left off.'];
  test.each([
    ["-p 'do it'", ['-p']],
    ["'do it' -p --verbose", ['-p', '--verbose']],
    [`--session-id ${known} --model opus -p 'do it'`, ['--model', 'opus', '-p']],
    [
      "-p --allowedTools Bash 'Edit(*)' --add-dir a b -- 'do it'",
      ['-p', '--allowedTools', 'Bash', 'Edit(*)', '--add-dir', 'a', 'b'],
    ],
    ["-c -p 'do it'", ['-p']],
    ["--resume old --fork-session -p 'do it'", ['-p']],
    ["--debug api -p 'do it'", ['--debug', 'api', '-p']],
    ["--settings=more.json -p 'do it'", ['--settings=more.json', '-p']],
  ])('of %p', (line, rest) => {
    expect(takeoverOf(claudeProfile, line)).toEqual(['--resume', known, ...rest, ...goOn]);
  });

  test('with prompts on stdin is the turn that was cut', () => {
    const plan = planOf(claudeProfile, '-p --input-format stream-json --output-format stream-json --verbose');
    expect(plan.fed).toBe(true);
    expect(plan.takeover?.(known)).toEqual({
      args: ['--resume', known, '-p', ...words('--input-format stream-json --output-format stream-json --verbose')],
      environment: { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1' },
    });
  });

  test.each([
    '-p hi --no-session-persistence',
    '-w feature',
    '--worktree=x -p hi',
    '--version',
    'mcp list',
    'auth login',
  ])('is nothing for %p', (line) => {
    expect(takeoverOf(claudeProfile, line)).toBeNull();
  });
});

/** The login of a profile is in its directory, whatever the user's own settings say. */
const inFile = ['-c', 'cli_auth_credentials_store="file"'];

test.each([
  ['-cp hi', ['-c', '-p', 'hi']],
  [`-r${known} -p hi`, ['-r', known, '-p', 'hi']],
  ['-p --model -cp', ['-p', '--model', '-cp']],
  ['-c -p -- -cp', ['-c', '-p', '--', '-cp']],
  ['-c -pz', ['-c', '-pz']],
])('%p for Claude Code is spelt out', (line, spelt) => {
  expect(planOf(claudeProfile, line).args.slice(-spelt.length)).toEqual(spelt);
});

test.each([
  ['-yphi', ['-y', '-p', 'hi']],
  ['-rlatest -phi', ['-r', 'latest', '-p', 'hi']],
])('%p for Gemini CLI is spelt out', (line, spelt) => {
  expect(planOf(geminiProfile, line).args.slice(-spelt.length)).toEqual(spelt);
});

describe('a new conversation of Codex', () => {
  test.each([
    ['exec hi', { converses: true, session: null, resumes: false, interactive: false }],
    ["-c model=x exec --json 'hi'", { converses: true, model: null, stdout: 'lines' }],
    ['-C sub exec hi', { folder: 'sub' }],
    ['exec -m gpt-6 hi', { model: 'gpt-6', stdout: 'whole' }],
    [`exec resume ${known} hi`, { session: known, resumes: true }],
    [`exec --json resume ${known}`, { session: known, resumes: true }],
    ['exec resume --last hi', { session: null, resumes: true }],
    [`resume ${known}`, { session: known, resumes: true }],
    ['resume my-name', { session: null, resumes: true }],
    ['fork', { session: null, resumes: true }],
    ["'do it'", { converses: true, resumes: false, args: [...inFile, '--no-daemon', 'do it'] }],
    ['login status', { converses: false }],
    ['mcp list', { converses: false }],
    ['exec review', { converses: false }],
    ['--version', { converses: false }],
    ['exec --help', { converses: false }],
  ])('%p', (line, expected) => {
    expect(planOf(codexProfile, line)).toMatchObject(expected);
  });

  test('in a terminal has the terminal', () => {
    const plan = planOf(codexProfile, '', true);
    expect(plan).toMatchObject({ interactive: true, stdout: 'inherit', stderr: 'inherit' });
  });
});

describe('what another account goes on with in Codex', () => {
  const goOn = ['resume', known, 'Continue where you left off.'];
  test.each([
    ["exec 'do it'", ['exec']],
    ["-a never exec --json -m x 'do it'", ['-a', 'never', 'exec', '--json', '-m', 'x']],
    [`exec --json resume ${known} 'do it'`, ['exec', '--json']],
    ["exec --json resume --last 'do it'", ['exec', '--json']],
    ["exec --json 'do it' -i a.png b.png", ['exec', '--json']],
    ["-m x 'do it'", ['--no-daemon', '-m', 'x']],
    [`resume ${known} -m x 'do it'`, ['--no-daemon', '-m', 'x']],
  ])('of %p', (line, rest) => {
    expect(takeoverOf(codexProfile, line)).toEqual([...inFile, ...rest, ...goOn]);
  });

  test.each(['exec --ephemeral hi', '--worktree hi', '--remote ws://host hi', 'login'])('is nothing for %p', (line) => {
    expect(takeoverOf(codexProfile, line)).toBeNull();
  });
});

describe('a new conversation of Gemini CLI', () => {
  test.each([
    ['-p hi', { session: fresh, resumes: false, args: ['--session-id', fresh, '-p', 'hi'], stdout: 'whole' }],
    ['-p hi -o stream-json -m pro', { session: fresh, stdout: 'lines', stderr: 'lines', model: 'pro' }],
    [`--resume ${known} -p hi`, { session: known, resumes: true, args: ['--resume', known, '-p', 'hi'] }],
    ['--resume latest -p hi', { session: null, resumes: true }],
    ['-r 5', { session: null, resumes: true }],
    ['--list-sessions', { converses: false }],
    ['mcp list', { converses: false }],
    ['--acp', { converses: false }],
  ])('%p', (line, expected) => {
    expect(planOf(geminiProfile, line)).toMatchObject(expected);
  });

  test('in a terminal has the terminal, and one process', () => {
    expect(planOf(geminiProfile, 'hello', true)).toMatchObject({
      interactive: true,
      environment: { GEMINI_CLI_NO_RELAUNCH: 'true' },
    });
    expect(planOf(geminiProfile, '-p hello', true).interactive).toBe(false);
  });
});

describe('what another account goes on with in Gemini CLI', () => {
  test.each([
    ['-p hi -m pro', false, ['-m', 'pro', '-p']],
    [`--session-id ${known} -p hi --yolo`, false, ['--yolo', '-p']],
    ['-r latest --skip-trust -p hi', false, ['--skip-trust', '-p']],
    ['hello there -m pro', true, ['-m', 'pro', '-i']],
    ['-i hello', true, ['-i']],
  ])('of %p', (line, terminal, rest) => {
    expect(takeoverOf(geminiProfile, line, terminal)).toEqual([
      '--resume',
      known,
      ...rest,
      'Continue where you left off.',
    ]);
  });

  test.each(['-w feature -p hi', '--session-file f.json -p hi', '--version'])('is nothing for %p', (line) => {
    expect(takeoverOf(geminiProfile, line)).toBeNull();
  });
});
