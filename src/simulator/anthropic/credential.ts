import { Login } from '../provider/login.ts';
import { type QuotaWindow, unlimited, type WindowState } from '../provider/quota-window.ts';
import type { CredentialOptions, Overage, WindowName } from './scenario.ts';
import { credentialChangeSchema } from './scenario.ts';
import { newWindow, standardWindows } from './window.ts';

/**
 * Whose form a secret has: `oauth` is a subscription's token, `api_key` a console key; `opaque` stands for a token of
 * another gateway, which the provider takes in either header and without conditions.
 */
export type CredentialKind = 'oauth' | 'api_key' | 'opaque';

export interface CredentialState {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly revoked: boolean;
  readonly expiresAt: number | null;
  readonly overage: Overage;
  readonly windows: readonly WindowState<WindowName>[];
  /** How often its login was renewed; null without one. */
  readonly refreshes: number | null;
}

/** A credential with what it has spent. */
export class Credential {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly windows: QuotaWindow<WindowName>[];
  readonly familyHeaders: boolean;
  overage: Overage;
  revoked: boolean;
  expiresAt: number | undefined;
  readonly login: Login | undefined;
  readonly scopes: readonly string[];

  constructor(options: CredentialOptions, now: number) {
    this.name = options.name;
    this.kind = kindOf(options.secret);
    this.familyHeaders = options.familyHeaders;
    this.overage = options.overage;
    this.revoked = options.revoked;
    this.expiresAt = options.expiresAt;
    this.login = options.login === undefined ? undefined : newLogin(options.secret, options.login, now);
    this.scopes = options.login?.scopes ?? ['user:inference'];
    const named = options.windows.map((window) => newWindow(window, now));
    this.windows = this.kind === 'oauth' ? [...named, ...standardWindows(named, now)] : named;
  }

  change(input: unknown, now: number): void {
    const change = credentialChangeSchema.parse(input);
    for (const { name, ...window } of change.windows) this.windowNamed(name, now).change(window);
    if (change.overage !== undefined) this.overage = change.overage;
    if (change.revoked !== undefined) this.revoked = change.revoked;
    if (change.expiresAt !== undefined) this.expiresAt = change.expiresAt ?? undefined;
    if (this.login === undefined || change.login === undefined) return;
    const { dead, ended, lifetimeMs } = change.login;
    if (dead !== undefined) this.login.dead = dead;
    if (lifetimeMs !== undefined) this.login.lifetimeMs = lifetimeMs;
    if (ended) this.login.expireAccess();
  }

  state(now: number): CredentialState {
    return {
      name: this.name,
      kind: this.kind,
      revoked: this.revoked,
      expiresAt: this.expiresAt ?? null,
      overage: this.overage,
      windows: this.windows.map((window) => window.state(now)),
      refreshes: this.login?.refreshes ?? null,
    };
  }

  private windowNamed(name: WindowName, now: number): QuotaWindow<WindowName> {
    const existing = this.windows.find((window) => window.name === name);
    if (existing !== undefined) return existing;
    const added = newWindow({ name, limit: unlimited, used: 0 }, now);
    this.windows.push(added);
    return added;
  }
}

function newLogin(secret: string, options: NonNullable<CredentialOptions['login']>, now: number): Login {
  return new Login({ ...options, mint: ({ count }) => (count === 0 ? secret : `${secret}-${count}`) }, now);
}

function kindOf(secret: string): CredentialKind {
  if (secret.startsWith('sk-ant-oat')) return 'oauth';
  return secret.startsWith('sk-ant-api') ? 'api_key' : 'opaque';
}
