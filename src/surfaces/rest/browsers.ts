import { createHash, randomBytes } from 'node:crypto';
import { hourMs, minuteMs, type EpochMs } from '../../core/time.ts';

const codeLastsMs = 5 * minuteMs;
const sessionLastsMs = 12 * hourMs;
/** More than one person has open; the oldest goes. */
const mostCodes = 20;
const mostSessions = 100;

type BrowserSession = { readonly expiresAt: EpochMs; readonly end: AbortController };

/**
 * Browsers that were let in, and the codes that let one in, once. Both are in memory only, and by their hashes: a restart
 * ends them, and finding one takes the same time however much of it is right.
 */
export class Browsers {
  readonly #clock: () => EpochMs;
  readonly #codes = new Map<string, EpochMs>();
  readonly #sessions = new Map<string, BrowserSession>();

  constructor(clock: () => EpochMs) {
    this.#clock = clock;
  }

  /** Makes a code for one login within five minutes. */
  issueCode(): { readonly code: string; readonly expiresAt: EpochMs } {
    const code = randomBytes(16).toString('hex');
    const expiresAt = this.#clock() + codeLastsMs;
    this.#codes.set(hashOf(code), expiresAt);
    dropOldest(this.#codes, mostCodes);
    return { code, expiresAt };
  }

  /** Takes a code and returns the token of a session of twelve hours; undefined for a code that is wrong, old or used. */
  redeem(code: string): { readonly token: string; readonly lastsMs: number } | undefined {
    const hash = hashOf(code);
    const expiresAt = this.#codes.get(hash);
    this.#codes.delete(hash);
    const now = this.#clock();
    if (expiresAt === undefined || expiresAt <= now) return undefined;
    const token = randomBytes(32).toString('hex');
    this.#sessions.set(hashOf(token), { expiresAt: now + sessionLastsMs, end: new AbortController() });
    for (const session of dropOldest(this.#sessions, mostSessions)) session.end.abort();
    return { token, lastsMs: sessionLastsMs };
  }

  /** The signal that aborts when the session of this token ends early; undefined where there is none. */
  find(token: string): AbortSignal | undefined {
    const session = this.#sessions.get(hashOf(token));
    return session === undefined || session.expiresAt <= this.#clock() ? undefined : session.end.signal;
  }

  end(token: string): void {
    const hash = hashOf(token);
    this.#sessions.get(hash)?.end.abort();
    this.#sessions.delete(hash);
  }

  /** Ends every session, and every code. */
  endAll(): void {
    for (const { end } of this.#sessions.values()) end.abort();
    this.#sessions.clear();
    this.#codes.clear();
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function dropOldest<Value>(map: Map<string, Value>, most: number): Value[] {
  const surplus = [...map].slice(0, Math.max(0, map.size - most));
  for (const [key] of surplus) map.delete(key);
  return surplus.map(([, value]) => value);
}
