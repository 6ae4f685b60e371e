import type { CredentialChange, CredentialOptions, Overage } from './scenario.ts';
import { credentialChangeSchema } from './scenario.ts';
import { QuotaWindow, standardWindows, type WindowState } from './window.ts';

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
  readonly windows: readonly WindowState[];
}

/** A credential with what it has spent. */
export class Credential {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly windows: QuotaWindow[];
  readonly familyHeaders: boolean;
  overage: Overage;
  revoked: boolean;
  expiresAt: number | undefined;

  constructor(options: CredentialOptions, now: number) {
    this.name = options.name;
    this.kind = kindOf(options.secret);
    this.familyHeaders = options.familyHeaders;
    this.overage = options.overage;
    this.revoked = options.revoked;
    this.expiresAt = options.expiresAt;
    const named = options.windows.map((window) => new QuotaWindow(window, now));
    this.windows = this.kind === 'oauth' ? [...named, ...standardWindows(named, now)] : named;
  }

  change(input: CredentialChange, now: number): void {
    const change = credentialChangeSchema.parse(input);
    for (const { name, ...window } of change.windows) this.windowNamed(name, now).change(window);
    if (change.overage !== undefined) this.overage = change.overage;
    if (change.revoked !== undefined) this.revoked = change.revoked;
    if (change.expiresAt !== undefined) this.expiresAt = change.expiresAt ?? undefined;
  }

  state(now: number): CredentialState {
    return {
      name: this.name,
      kind: this.kind,
      revoked: this.revoked,
      expiresAt: this.expiresAt ?? null,
      overage: this.overage,
      windows: this.windows.map((window) => window.state(now)),
    };
  }

  private windowNamed(name: QuotaWindow['name'], now: number): QuotaWindow {
    const existing = this.windows.find((window) => window.name === name);
    if (existing !== undefined) return existing;
    const added = new QuotaWindow({ name, limit: Number.MAX_SAFE_INTEGER, used: 0 }, now);
    this.windows.push(added);
    return added;
  }
}

function kindOf(secret: string): CredentialKind {
  if (secret.startsWith('sk-ant-oat')) return 'oauth';
  return secret.startsWith('sk-ant-api') ? 'api_key' : 'opaque';
}
