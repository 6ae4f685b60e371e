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
import { openai } from './provider/openai.ts';

/** With this pause of the provider the steps last longer than the first account is closed. */
export const codexPaceMs = 140;

/** The real Codex, headless: one prompt that makes it call its shell step by step. */
export function codexAgent(executable: string, surroundings: Surroundings): DemoAgent {
  const form = ['--json', '--skip-git-repo-check', '--sandbox', 'read-only', '--model', openai.model];
  return {
    name: 'codex',
    turnsPlanned: steps + 1,
    run: (tell, signal) =>
      runHeadless(
        {
          executable,
          args: ['-c', 'analytics.enabled=false', 'exec', ...form, stepsPrompt],
          environment: (own) => ({ CODEX_HOME: own }),
          reader: codexReader(tell),
        },
        surroundings,
        signal,
      ),
  };
}

type Item = { readonly type?: string; readonly text?: string; readonly command?: string };
type ExecLine = {
  readonly type?: string;
  readonly message?: string;
  readonly error?: { readonly message?: string };
  readonly item?: Item;
};

/** Reads `codex exec --json`: each command and each message is an answer of the model and so a turn. */
export function codexReader(tell: Tell): LineReader {
  let turn = 0;
  let succeeded = false;
  return {
    line(text) {
      const { type, item, message, error }: ExecLine = parseLine(text);
      const prompt = type === 'item.started' || type === 'item.completed' ? saidIn(type, item ?? {}) : undefined;
      if (prompt !== undefined) {
        turn += 1;
        tell({ kind: 'turn-started', turn, prompt });
        tell({ kind: 'turn-done', turn });
      }
      // What Codex retries by itself it has seen all the same.
      if (type === 'error') tell({ kind: 'agent-error', message: message ?? 'an error' });
      if (type === 'turn.failed') tell({ kind: 'agent-error', message: error?.message ?? 'the turn failed' });
      if (type === 'turn.completed') succeeded = true;
    },
    finished: () => succeeded,
  };
}

/** What one line says of an answer; undefined where another line says it. */
function saidIn(line: string, { type, text, command = '' }: Item): string | undefined {
  if (type === 'command_execution' && line === 'item.started') {
    const [, inner = command] = /^\S*sh -l?c '(.*)'$/.exec(command) ?? [];
    return `$ ${inner}`;
  }
  return type === 'agent_message' && line === 'item.completed' ? (text ?? '') : undefined;
}
