import { createHash } from 'node:crypto';
import type { EpochMs } from '../core/time.ts';
import { ensureToken, replaceToken } from '../home/token.ts';
import type { Caller, Tokens } from '../operations/context.ts';
import { Browsers } from '../surfaces/rest/browsers.ts';

type Scope = Caller['scope'];
/** A token in force; `end` aborts when another takes its place. */
type Held = { readonly path: string; readonly hash: string; readonly end: AbortController };

export type TokenDeps = {
  /** The files of the tokens. */
  readonly files: Readonly<Record<Scope, string>>;
  readonly clock: () => EpochMs;
  /** Where a browser on this machine reaches the control listener: `http://127.0.0.1:4600`. */
  readonly origin: () => string;
};

/** The tokens of the control API, which are made at the first start, and the browsers that were let in. */
export class ControlTokens implements Tokens {
  readonly browsers: Browsers;
  readonly #origin: () => string;
  #held: Readonly<Record<Scope, Held>>;

  private constructor({ clock, origin }: TokenDeps, held: Readonly<Record<Scope, Held>>) {
    this.browsers = new Browsers(clock);
    this.#origin = origin;
    this.#held = held;
  }

  static async open(deps: TokenDeps): Promise<ControlTokens> {
    const full = held(deps.files.full, await ensureToken(deps.files.full));
    const read = held(deps.files.read, await ensureToken(deps.files.read));
    return new ControlTokens(deps, { full, read });
  }

  /** What a token allows, and the signal that says that it no longer does; undefined for one that is none. */
  find(token: string): { readonly scope: Scope; readonly until: AbortSignal } | undefined {
    // Digests are compared: how long that takes says nothing about the token.
    const hash = hashOf(token);
    const scope = (['full', 'read'] as const).find((each) => this.#held[each].hash === hash);
    return scope === undefined ? undefined : { scope, until: this.#held[scope].end.signal };
  }

  /** Puts another token in the place of one, ends what the old one had opened, and logs every browser out. */
  async rotate(scope: Scope): Promise<string> {
    const old = this.#held[scope];
    const fresh = held(old.path, await replaceToken(old.path));
    this.#held = { ...this.#held, [scope]: fresh };
    old.end.abort();
    this.browsers.endAll();
    return old.path;
  }

  link(): { readonly url: string; readonly expiresAt: EpochMs } {
    const { code, expiresAt } = this.browsers.issueCode();
    return { url: `${this.#origin()}/login#${code}`, expiresAt };
  }
}

function held(path: string, token: string): Held {
  return { path, hash: hashOf(token), end: new AbortController() };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
