import type { GeminiRun } from './gemini-run.ts';
import type { GeminiRig } from './gemini-rig.ts';

/** A run whose agent met no failure at all, not even one that it overcame. */
export function untroubled(text: string): Pick<GeminiRun, 'code' | 'status' | 'error' | 'trouble' | 'text'> {
  return { code: 0, status: 'success', error: undefined, trouble: [], text };
}

/** What the simulator answers where the prompt does not say it; `account` is the one that spoke last. */
export function greeting(account: string, prompt: string, { steps = 0, prompts = 1 } = {}): string {
  const done = steps === 0 ? '' : ` ${steps} steps done.`;
  const remembered = `${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}`;
  return `Hello from google as ${account}. I remember ${remembered}: ${JSON.stringify(prompt)}.${done}`;
}

/** Which account the sessions of the daemon are at, one entry for each account and count of moves. */
export async function places(rig: Pick<GeminiRig, 'sessions'>): Promise<string[]> {
  const sessions = await rig.sessions();
  return [...new Set(sessions.map(({ account, moves }) => `${account} ${moves}`))].toSorted();
}

/** What the person reads when a turn ends because the pool is closed, for a model; times left out. */
export function withoutTimes(text: string | undefined): string | undefined {
  return text
    ?.replaceAll(/in (\d+[hms] ?)+\(/g, 'in … (')
    .replaceAll(/\((?:[A-Z][a-z]{2} \d+, )?\d\d:\d\d UTC\)/g, '(…)');
}
