import type { ClaudeRun } from './claude-run.ts';
import type { Rig } from './claude-rig.ts';
import type { Status } from './stage.ts';

/** A run whose agent met no failure at all, not even one that it overcame. */
export function untroubled(result: string): object {
  return {
    code: 0,
    stderr: '',
    trouble: [],
    result: { is_error: false, result } satisfies Partial<ClaudeRun['result']>,
  };
}

/** What the simulator answers where the prompt does not say it; `account` is the one that spoke last. */
export function greeting(account: string, prompt: string, steps = 0): string {
  const done = steps === 0 ? '' : ` ${steps} steps done.`;
  return `Hello from anthropic as ${account}. I remember 1 prompt: ${JSON.stringify(prompt)}.${done}`;
}

/** The model requests as the provider saw them: `account status`, with `whole` for one that was not streamed. */
export function traffic(rig: Pick<Rig, 'seen'>): string[] {
  return rig.seen().map(({ credential, status, stream }) => `${credential} ${status}${stream ? '' : ' whole'}`);
}

/** What `status` says of every account: `a open`, `a closed five_hour`. */
export function states({ accounts }: Status): string[] {
  return accounts.map(({ label, state, reason }) =>
    [label, state, state === 'needs-login' ? null : reason].filter(Boolean).join(' '),
  );
}

/** Whom a new session would use for a model family; null asks for a model that no family limit covers. */
export function nextFor({ pools }: Status, family: string | null): string | null | undefined {
  return pools[0]?.next.find(({ model }) => model === family)?.account;
}
