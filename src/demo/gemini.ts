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
import { google } from './provider/google.ts';

/** With this pause of the provider the steps last longer than the first account is closed. */
export const geminiPaceMs = 400;

/** The real Gemini CLI, headless: one prompt that makes it call its shell step by step. */
export function geminiAgent(executable: string, surroundings: Surroundings): DemoAgent {
  // Without --yolo its shell is not even offered to the model; the folder is the demo's own.
  const form = ['--output-format', 'stream-json', '--yolo', '--skip-trust', '--model', google.model];
  return {
    name: 'gemini',
    turnsPlanned: steps + 1,
    run: (tell, signal) =>
      runHeadless(
        {
          executable,
          args: ['--prompt', stepsPrompt, ...form],
          environment: () => ({}),
          reader: geminiReader(tell),
        },
        surroundings,
        signal,
      ),
  };
}

type StreamLine = {
  readonly type?: string;
  readonly role?: string;
  readonly content?: string;
  readonly message?: string;
  readonly status?: string;
  readonly error?: { readonly message?: string };
  readonly parameters?: { readonly command?: string };
};

/** Reads Gemini CLI's stream-json: each tool call and each message, which comes in pieces, is a turn. */
export function geminiReader(tell: Tell): LineReader {
  let turn = 0;
  let isSaying = false;
  let succeeded = false;
  const begin = (prompt: string): void => tell({ kind: 'turn-started', turn: (turn += 1), prompt });
  const end = (): void => tell({ kind: 'turn-done', turn });
  return {
    line(text) {
      const line: StreamLine = parseLine(text);
      if (line.type === 'message' && line.role === 'assistant') {
        if (!isSaying) begin('the answer');
        isSaying = true;
        tell({ kind: 'said', text: line.content ?? '' });
        return;
      }
      if (isSaying) end();
      isSaying = false;
      if (line.type === 'tool_use') {
        begin(`$ ${line.parameters?.command ?? ''}`);
        end();
      }
      if (line.type === 'error') tell({ kind: 'agent-error', message: line.message ?? 'an error' });
      if (line.type !== 'result') return;
      succeeded = line.status === 'success';
      if (!succeeded) tell({ kind: 'agent-error', message: line.error?.message ?? 'Gemini CLI ended with an error' });
    },
    finished: () => succeeded,
  };
}
