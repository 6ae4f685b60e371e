import { greetingOfCodex, type CodexRig } from './codex-rig.ts';
import type { CodexRun } from './codex-run.ts';

/** A run whose agent met no failure at all, not even one that it overcame. */
export function untroubledCodex(said: string): Partial<CodexRun> {
  return { code: 0, failure: null, trouble: [], said };
}

/** A run with nothing on its standard error but what Codex always has there. */
export const silent: Partial<CodexRun> = { stderr: greetingOfCodex };

/** What the simulator answers where the prompt does not say it; `account` is the one that spoke last. */
export function codexGreeting(account: string, prompt: string, { steps = 0, prompts = 1 } = {}): string {
  const done = steps === 0 ? '' : ` ${steps} steps done.`;
  const remembered = `${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}`;
  return `Hello from openai as ${account}. I remember ${remembered}: ${JSON.stringify(prompt)}.${done}`;
}

/** The model requests as the provider saw them: `account status`, and how it came where that is a WebSocket. */
export function codexTraffic(rig: CodexRig): string[] {
  return rig.seen().map(({ credential, status, via }) => `${credential} ${status}${via === 'http' ? '' : ` ${via}`}`);
}
