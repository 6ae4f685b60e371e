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
  let said = '';
  let succeeded = false;
  const takeTurn = (prompt: string): void => {
    turn += 1;
    tell({ kind: 'turn-started', turn, prompt });
    tell({ kind: 'turn-done', turn });
  };
  return {
    line(text) {
      const { type, role, content, parameters, message, status, error }: StreamLine = parseLine(text);
      if (type === 'message' && role === 'assistant') {
        said += content ?? '';
        return;
      }
      if (said !== '') takeTurn(said);
      said = '';
      if (type === 'tool_use') takeTurn(`$ ${parameters?.command ?? ''}`);
      // What Gemini CLI only warns of it has seen all the same.
      if (type === 'error') tell({ kind: 'agent-error', message: message ?? 'an error' });
      if (type !== 'result') return;
      succeeded = status === 'success';
      if (!succeeded) tell({ kind: 'agent-error', message: error?.message ?? 'Gemini CLI ended with an error' });
    },
    finished: () => succeeded,
  };
}
