import type { ModelWindowState, ProjectQuota } from './project-quota.ts';
import { credentialChangeSchema, type CredentialOptions, type ServiceAccount } from './scenario.ts';

/** Which API takes the credential: the public one a key, Code Assist a login's token, Vertex AI a service account's. */
export type CredentialKind = 'api_key' | 'login' | 'service_account';

export interface GoogleCredentialState {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly project: string;
  readonly revoked: boolean;
  readonly expiresAt: number | null;
  /** Its project's windows: other credentials of the project have the same. */
  readonly windows: readonly ModelWindowState[];
}

/** A credential with what its project has spent. */
export class Credential {
  readonly name: string;
  readonly kind: CredentialKind;
  readonly secret: string | undefined;
  readonly project: string;
  readonly quota: ProjectQuota;
  readonly serviceAccount: ServiceAccount | undefined;
  readonly refreshToken: string | undefined;
  readonly tokenLifetimeSeconds: number;
  revoked: boolean;
  expiresAt: number | undefined;
  /** Tokens got at `/token` with their ends in epoch ms; a token that has expired stays known. */
  readonly tokens = new Map<string, number>();

  constructor(options: CredentialOptions, project: string, quota: ProjectQuota) {
    this.name = options.name;
    this.kind = kindOf(options);
    this.secret = options.secret;
    this.project = project;
    this.quota = quota;
    this.serviceAccount = options.serviceAccount;
    this.refreshToken = options.refreshToken;
    this.tokenLifetimeSeconds = options.tokenLifetimeSeconds;
    this.revoked = options.revoked;
    this.expiresAt = options.expiresAt;
  }

  change(input: unknown, now: number): void {
    const change = credentialChangeSchema.parse(input);
    for (const window of change.windows) this.quota.change(window, now);
    if (change.revoked !== undefined) this.revoked = change.revoked;
    if (change.expiresAt !== undefined) this.expiresAt = change.expiresAt ?? undefined;
    if (change.tokensExpired) for (const token of this.tokens.keys()) this.tokens.set(token, now);
  }

  /** Whether a secret or token of this credential has expired. */
  expired(secret: string, now: number): boolean {
    const end = this.tokens.get(secret) ?? this.expiresAt;
    return end !== undefined && now >= end;
  }

  holds(secret: string): boolean {
    return this.secret === secret || this.tokens.has(secret);
  }

  state(now: number): GoogleCredentialState {
    return {
      name: this.name,
      kind: this.kind,
      project: this.project,
      revoked: this.revoked,
      expiresAt: this.expiresAt ?? null,
      windows: this.quota.states(now),
    };
  }
}

function kindOf({ secret, serviceAccount }: CredentialOptions): CredentialKind {
  if (serviceAccount !== undefined) return 'service_account';
  return secret?.startsWith('ya29.') === true ? 'login' : 'api_key';
}
