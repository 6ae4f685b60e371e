import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentNews, DemoAgent } from './agent.ts';
import { demoModel } from './script.ts';
import type { Stage } from './stage.ts';

const steps = 26;

/** With this pause of the provider the steps last longer than the first account is closed. */
export const claudePaceMs = 110;

/** The real Claude Code, headless: one prompt that makes it call its shell step by step. */
export function claudeAgent(
  executable: string,
  { folder, access }: Pick<Stage, 'folder' | 'access'>,
  userEnvironment: Readonly<Record<string, string | undefined>>,
): DemoAgent {
  return {
    name: 'claude',
    turnsPlanned: steps + 1,
    async run(tell, signal) {
      const cwd = join(folder, 'work');
      await mkdir(cwd, { recursive: true });
      const env: NodeJS.ProcessEnv = {
        ...userEnvironment,
        ...access.environment,
        CLAUDE_CONFIG_DIR: join(folder, 'claude'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        // Claude Code would otherwise look for the gateway through a proxy of the user's.
        NO_PROXY: '127.0.0.1,localhost',
        no_proxy: '127.0.0.1,localhost',
      };
      for (const name of access.withheld) delete env[name];
      const prompt = `Work through the steps. [[steps:${steps}]] [[say:All ${steps} steps are done.]]`;
      const form = ['--output-format', 'stream-json', '--verbose', '--allowedTools', 'Bash', '--model', demoModel];
      const child = spawn(executable, ['-p', prompt, ...form], {
        cwd,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        signal,
      });
      return follow(child, tell);
    },
  };
}

async function follow(child: ChildProcess, tell: (news: AgentNews) => void): Promise<boolean> {
  // An abort shows as an error as well.
  const ended = once(child, 'close').catch(() => [null]);
  const read = streamReader(tell);
  if (child.stdout !== null) for await (const line of createInterface({ input: child.stdout })) read.line(line);
  const [code] = (await ended) as [number | null];
  return code === 0 && read.finished();
}

type StreamLine = {
  readonly type?: string;
  readonly subtype?: string;
  readonly error_status?: number | null;
  readonly is_error?: boolean;
  readonly result?: string;
  readonly message?: { readonly id?: string; readonly content?: readonly Block[] };
};
type Block = { readonly type?: string; readonly text?: string; readonly input?: { readonly command?: string } };

/** Reads Claude Code's stream-json: each answer of the model is a turn, the last line is the result. */
export function streamReader(tell: (news: AgentNews) => void): { line(text: string): void; finished(): boolean } {
  let turn = 0;
  let lastMessage: string | undefined;
  let succeeded = false;
  return {
    line(text) {
      const line = parseLine(text);
      // What Claude Code retries by itself it has seen all the same.
      if (line.subtype === 'api_retry') {
        tell({ kind: 'agent-error', message: `status ${line.error_status ?? 'unknown'}, retried` });
      }
      if (line.type === 'assistant' && line.message?.id !== lastMessage) {
        lastMessage = line.message?.id;
        turn += 1;
        tell({ kind: 'turn-started', turn, prompt: (line.message?.content ?? []).map(saidIn).join(' ') });
        tell({ kind: 'turn-done', turn });
      }
      if (line.type !== 'result') return;
      succeeded = line.is_error !== true;
      if (!succeeded) tell({ kind: 'agent-error', message: line.result ?? 'Claude Code ended with an error' });
    },
    finished: () => succeeded,
  };
}

/** A line that is not JSON, such as a warning of the runtime, says nothing. */
function parseLine(text: string): StreamLine {
  try {
    return JSON.parse(text) as StreamLine;
  } catch {
    return {};
  }
}

function saidIn({ type, text, input }: Block): string {
  return type === 'tool_use' ? `$ ${input?.command ?? ''}` : (text ?? '');
}
