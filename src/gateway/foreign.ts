import { hash } from 'node:crypto';
import type { SessionId } from '../core/ids.ts';
import type { Provider } from '../providers/provider.ts';
import type { Body } from './body.ts';

const sessionsKept = 1000;
const kept = 5000;

/**
 * Reasoning that an account refused because another had made it, by session. An agent sends all of it again with every
 * request: from then on it is left out beforehand, since each refusal costs a send.
 */
export class ForeignReasoning {
  readonly #refused = new Map<SessionId, Set<string>>();

  /** Leaves out everything of that kind, and remembers it; false when the body has nothing. */
  refuse(provider: Provider, session: SessionId, body: Body): boolean {
    const refused = this.#refused.get(session) ?? new Set();
    const without = provider.withoutForeign(body.bytes, (made) => {
      if (refused.size < kept) refused.add(keyOf(made));
      return true;
    });
    if (without === null) return false;
    body.replace(without);
    this.#keep(session, refused);
    return true;
  }

  /** Leaves out what was refused in this session before. */
  leaveOut(provider: Provider, session: SessionId, body: Body): void {
    const refused = this.#refused.get(session);
    if (refused === undefined) return;
    const without = provider.withoutForeign(body.bytes, (made) => refused.has(keyOf(made)));
    if (without !== null) body.replace(without);
    this.#keep(session, refused);
  }

  #keep(session: SessionId, refused: Set<string>): void {
    this.#refused.delete(session);
    this.#refused.set(session, refused);
    if (this.#refused.size <= sessionsKept) return;
    const oldest = this.#refused.keys().next();
    if (oldest.done !== true) this.#refused.delete(oldest.value);
  }
}

function keyOf(made: Buffer): string {
  return hash('sha1', made, 'base64');
}
