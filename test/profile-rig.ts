// A pool of profiles in a real book, and small executables in place of the genuine CLIs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { openOperations, type OperationRig } from './operation-rig.ts';
import type { Agent } from '../src/agents/agent.ts';
import { agents } from '../src/agents/registry.ts';
import { runOnProfiles, type Turn, type Turns } from '../src/profiles/run.ts';

type Begun = {
  mode: string;
  pool: string;
  account: string | null;
  profile: string | null;
  moved: boolean;
  why: string | null;
};

/** Files of a login, by agent. */
const logins: Readonly<Record<string, readonly [string, string]>> = {
  claude: ['.credentials.json', '{"claudeAiOauth":{"accessToken":"sk-ant-oat01-test-0"}}'],
  codex: ['auth.json', '{"OPENAI_API_KEY":"sk-test-0"}'],
  gemini: ['.gemini/oauth_creds.json', '{"refresh_token":"1//test"}'],
};

export type ProfileRig = AsyncDisposable & {
  readonly operations: OperationRig;
  /** The directory of an account's profile. */
  profile(label: string): string;
  /** Sets what the executable does in a profile: the name of one of its cases. */
  behave(label: string, as: string): void;
  run(...args: readonly string[]): Promise<{ code: number | 'gateway'; stdout: string; told: string[] }>;
  state(label: string): Promise<{ state: string; until: number | null; reason: string | null }>;
};

/** Opens a pool of profiles that share their conversations; `script` is JavaScript with `profile`, `args` and `behaviour`. */
export async function openProfiles(agent: string, labels: readonly string[], script: string): Promise<ProfileRig> {
  const operations = await openOperations();
  const known = agents.get(agent) as Agent;
  const { provider } = known;
  const executable = join(operations.folder, 'cli');
  const cwd = join(operations.folder, 'work');
  mkdirSync(cwd);
  writeFileSync(executable, `#!${process.execPath}\n${prelude}\n${script}\n`, { mode: 0o755 });
  const profile = (label: string): string => join(operations.folder, `profile-${label}`);
  for (const label of labels) {
    const [file = '', content = ''] = logins[agent] ?? [];
    mkdirSync(join(profile(label), file, '..'), { recursive: true });
    writeFileSync(join(profile(label), file), content);
    await operations.run('account.add', { provider, label, profile: profile(label) });
  }
  await operations.run('pool.set', { pool: provider, shareSessions: true });
  return {
    operations,
    profile,
    behave: (label, as) => writeFileSync(join(profile(label), 'behaviour'), as),
    async run(...args) {
      const told: string[] = [];
      const output = collected();
      const code = await runOnProfiles({
        agent: known,
        args,
        turns: turnsOf(operations, agent),
        find: () => executable,
        tell: (line) => void told.push(line),
        surroundings: {
          cwd,
          terminal: false,
          environment: { HOME: join(operations.folder, 'home'), PATH: process.env['PATH'] },
          stdout: output.stream,
          stderr: collected().stream,
          signals: process,
          kill: (pid, signal) => void process.kill(pid, signal),
          silenceMs: 300,
        },
      });
      return { code, stdout: output.text(), told };
    },
    state: async (label) => (await operations.run('account.show', { account: `${provider}/${label}` })) as never,
    [Symbol.asyncDispose]: () => operations[Symbol.asyncDispose](),
  };
}

const prelude = `
const { appendFileSync, mkdirSync, readFileSync, existsSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const args = process.argv.slice(2);
const profile = process.env.CLAUDE_CONFIG_DIR ?? process.env.CODEX_HOME ?? process.env.GEMINI_CLI_HOME;
const behaviour = existsSync(join(profile, 'behaviour')) ? readFileSync(join(profile, 'behaviour'), 'utf8') : 'serve';
const valueOf = (name) => args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const print = (value) => process.stdout.write((typeof value === 'string' ? value : JSON.stringify(value)) + '\\n');
appendFileSync(join(profile, 'started'), JSON.stringify(args) + '\\n');
`;

/** Resolves when a process of somebody else's has ended; whoever has to see that may take its time. */
export async function gone(pid: number): Promise<void> {
  const script = `while s=$(ps -o stat= -p ${pid}) && [ "\${s#Z}" = "$s" ]; do sleep 0.01; done`;
  await Bun.spawn(['sh', '-c', script]).exited;
}

/** The command lines with which the executable was started in a profile. */
export function startsIn(profile: string): string[][] {
  return readFileSync(join(profile, 'started'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[]);
}

function turnsOf(operations: OperationRig, agent: string): Turns {
  const run = (name: string, input: object): Promise<unknown> => operations.run(name, input);
  const given = (fields: object): object =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  return {
    async begin({ converses, ...wish }): Promise<Turn> {
      const begun = (await run('session.begin', { agent, ...given(wish), any: !converses })) as Begun;
      if (begun.mode === 'gateway') return { kind: 'gateway' };
      if (begun.account === null || begun.profile === null) return { kind: 'nobody', says: begun.why ?? '' };
      return { kind: 'use', account: begun.account, profile: begun.profile, moved: begun.moved };
    },
    report: async (report) => void (await run('session.report', given(report))),
  };
}

function collected() {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}
