import type { DemoAgent } from './agent.ts';
import {
  parseLine,
  runHeadless,
  steps,
  stepsPrompt,
  type LineReader,
  type Surroundings,
  type Tell,
} from './headless.ts';
import { anthropic } from './provider/anthropic.ts';

/** With this pause of the provider the steps last longer than the first account is closed. */
export const claudePaceMs = 110;

/** The real Claude Code, headless: one prompt that makes it call its shell step by step. */
export function claudeAgent(executable: string, surroundings: Surroundings): DemoAgent {
  const form = ['--output-format', 'stream-json', '--verbose', '--allowedTools', 'Bash', '--model', anthropic.model];
  return {
    name: 'claude',
    turnsPlanned: steps + 1,
    run: (tell, signal) =>
      runHeadless(
        {
          executable,
          args: ['-p', stepsPrompt, ...form],
          environment: (own) => ({
            CLAUDE_CONFIG_DIR: own,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
            DISABLE_AUTOUPDATER: '1',
          }),
          reader: streamReader(tell),
        },
        surroundings,
        signal,
      ),
  };
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
export function streamReader(tell: Tell): LineReader {
  let turn = 0;
  let lastMessage: string | undefined;
  let succeeded = false;
  return {
    line(text) {
      const line: StreamLine = parseLine(text);
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

function saidIn({ type, text, input }: Block): string {
  return type === 'tool_use' ? `$ ${input?.command ?? ''}` : (text ?? '');
}
