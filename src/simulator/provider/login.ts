/** What a login holds at one time. */
export interface LoginTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Epoch ms, when the access token ends. */
  readonly expiresAt: number;
}

export type Refresh =
  | { readonly kind: 'renewed'; readonly tokens: LoginTokens }
  /** The token was this login's and has been spent. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'dead' }
  | { readonly kind: 'unknown' };

interface LoginOptions {
  readonly refreshToken: string;
  readonly lifetimeMs: number;
  /** Whether a refresh token is spent by its first use, and another given. */
  readonly singleUse: boolean;
  readonly mint: (token: { readonly issuedAt: number; readonly expiresAt: number; readonly count: number }) => string;
}

/** An OAuth account: an access token lives until its expiry, whatever is issued after it. */
export class Login {
  /** Set to refuse every refresh. */
  dead = false;
  lifetimeMs: number;
  /** How often the login was renewed. */
  refreshes = 0;
  private tokens: LoginTokens;
  private readonly issued = new Map<string, { expiresAt: number; revoked: boolean }>();
  private readonly spent = new Set<string>();
  private readonly options: LoginOptions;

  constructor(options: LoginOptions, now: number) {
    this.options = options;
    this.lifetimeMs = options.lifetimeMs;
    this.tokens = this.issue(options.refreshToken, now);
  }

  current(): LoginTokens {
    return this.tokens;
  }

  /** What the access token is worth; undefined when this login never issued it. */
  standing(accessToken: string, now: number): 'valid' | 'expired' | 'revoked' | undefined {
    const token = this.issued.get(accessToken);
    if (token === undefined) return undefined;
    if (token.revoked) return 'revoked';
    return now >= token.expiresAt ? 'expired' : 'valid';
  }

  /** Whether this login has or had that refresh token. */
  owns(refreshToken: string): boolean {
    return refreshToken === this.tokens.refreshToken || this.spent.has(refreshToken);
  }

  /** Whether the refresh token is this login's, spent or not. */
  knows(refreshToken: string): boolean {
    return refreshToken === this.tokens.refreshToken || this.spent.has(refreshToken);
  }

  refresh(refreshToken: string, now: number): Refresh {
    if (this.spent.has(refreshToken)) return { kind: 'reused' };
    if (refreshToken !== this.tokens.refreshToken) return { kind: 'unknown' };
    if (this.dead) return { kind: 'dead' };
    this.refreshes += 1;
    if (this.options.singleUse) this.spent.add(refreshToken);
    const next = this.options.singleUse ? `${this.options.refreshToken}-${this.refreshes}` : refreshToken;
    this.tokens = this.issue(next, now);
    return { kind: 'renewed', tokens: this.tokens };
  }

  /** Ends every access token issued so far. */
  expireAccess(): void {
    for (const token of this.issued.values()) token.expiresAt = 0;
  }

  revokeAccess(): void {
    for (const token of this.issued.values()) token.revoked = true;
  }

  private issue(refreshToken: string, now: number): LoginTokens {
    const expiresAt = now + this.lifetimeMs;
    const accessToken = this.options.mint({ issuedAt: now, expiresAt, count: this.refreshes });
    this.issued.set(accessToken, { expiresAt, revoked: false });
    return { accessToken, refreshToken, expiresAt };
  }
}
