// A real daemon whose `claude` is a script that prints what Claude Code prints, for the command line of jobs.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobView } from '../src/operations/job-view.ts';
import { openPlace, type Place, type Run } from './daemon-rig.ts';
import { onTerminal, type Session } from './on-terminal.ts';

const launcher = join(import.meta.dir, '../bin/stint.mjs');

/** Its prompt is its result; `wait here` waits until somebody writes to the pipe `gate` of its folder. */
const claude = `#!/bin/sh
prompt=$(cat; echo .); prompt=\${prompt%.}
result() { printf '%s' "$1" | sed -e 's/\\\\/\\\\\\\\/g' -e 's/"/\\\\"/g' | awk 'NR > 1 { printf "\\\\n" } { printf "%s", $0 }'; }
say() { printf '%s\\n' "$1"; }
say '{"type":"system","subtype":"init","session_id":"11111111-2222-4333-8444-555555555555"}'
say '{"type":"assistant","message":{"id":"msg_1","model":"claude-opus-4-8","usage":{"input_tokens":1200,"output_tokens":1},"content":[{"type":"text","text":"I look first."},{"type":"tool_use","name":"Bash","input":{"command":"npm test","description":"Run the tests"}}]}}'
say '{"type":"user","parent_tool_use_id":null,"message":{"role":"user","content":[{"type":"tool_result","content":"ok"}]}}'
text=$(result "$prompt")
case "$prompt" in
  fail*)
    say '{"type":"assistant","error":"max_output_tokens","message":{"model":"<synthetic>","content":[{"type":"text","text":"The answer is too long."}]}}'
    say '{"type":"result","subtype":"error_during_execution","is_error":true}'
    exit 1;;
  tell*) text=$(result "FOO=$FOO BAR=\${BAR+set} PWD=$PWD
$*");;
  'wait here') read -r _ < gate;;
esac
say '{"type":"assistant","message":{"id":"msg_2","model":"claude-opus-4-8","usage":{"input_tokens":1300,"output_tokens":1},"content":[{"type":"text","text":"'"$text"'"}]}}'
say '{"type":"result","subtype":"success","is_error":false,"total_cost_usd":0.014,"modelUsage":{"claude-opus-4-8":{"inputTokens":2500,"outputTokens":60}},"result":"'"$text"'"}'
`;

export type Started = {
  /** Resolves with all of stdout and stderr, once it holds the text; also when the command has ended without it. */
  shows(text: string): Promise<string>;
  /** Sends a signal to the launcher alone. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Run>;
};

export type JobPlace = Place & {
  /** Runs `stint` without a terminal. */
  start(args: readonly string[]): Started;
  onTerminal(...args: string[]): Session;
  /** Lets the agent that waits go on. */
  letGo(): Promise<void>;
  /** The id of the latest job. */
  latest(): Promise<string>;
  /** The latest job. */
  show(): Promise<JobView>;
};

/** A place whose daemon serves one account. `prepare` is given the home that it will have. */
export async function openJobPlace(prepare: (home: string) => void = () => undefined): Promise<JobPlace> {
  const place = openPlace();
  prepare(place.home);
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'claude'), claude, { mode: 0o755 });
  Bun.spawnSync(['mkfifo', join(place.folder, 'gate')]);
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  const stint: Place['stint'] = (args, options = {}) =>
    place.stint(args, { ...options, env: { PATH, ...options.env } });
  await stint(['account', 'add', 'anthropic', 'work'], { stdin: 'sk-ant-api03-test-0123456789' });
  const show = async (): Promise<JobView> => {
    const { stdout } = await stint(['job', 'list', '--count', '1', '--json']);
    const [job] = (JSON.parse(stdout) as { jobs: JobView[] }).jobs;
    if (job === undefined) throw new Error('there is no job');
    return job;
  };
  return {
    ...place,
    stint,
    show,
    latest: async () => (await show()).id,
    start: (args) => start(place, PATH, args),
    onTerminal: (...args) => onTerminal(place, ...args),
    async letGo() {
      await Bun.spawn(['sh', '-c', 'echo > gate'], { cwd: place.folder, timeout: 5000 }).exited;
    },
  };
}

function start({ home, folder }: Place, PATH: string, args: readonly string[]): Started {
  let seen = '';
  let changed = Promise.withResolvers<void>();
  let over = false;
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const child = Bun.spawn(['node', launcher, ...args], {
    cwd: folder,
    env: { PATH, HOME: folder, TZ: 'UTC', STINT_HOME: home, STINT_CONTROL_PORT: '0', STINT_AGENT_PORT: '0' },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const read = async (stream: ReadableStream<Uint8Array>): Promise<string> => {
    let text = '';
    for await (const chunk of stream) {
      text += new TextDecoder().decode(chunk);
      seen += new TextDecoder().decode(chunk);
      tell();
    }
    return text;
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.exited]).then(([stdout, stderr]) => {
    over = true;
    tell();
    return { stdout, stderr, code: child.exitCode };
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    async shows(text) {
      while (!seen.includes(text) && !over) await changed.promise;
      return seen;
    },
  };
}
