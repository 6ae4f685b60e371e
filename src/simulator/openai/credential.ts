import { Login, type LoginTokens } from '../provider/login.ts';
import { unlimited, type WindowState } from '../provider/quota-window.ts';
import {
  credentialChangeSchema,
  type KeyOptions,
  type PlanOptions,
  type WindowName,
  type WorkspaceClosing,
} from './scenario.ts';
import { mintJwt, type TokenClaims } from './token.ts';
import { CountingWindow, standardWindows } from './window.ts';

/** A plan's login as Codex keeps it. */
export interface PlanLogin extends LoginTokens {
  readonly idToken: string;
  readonly accountId: string;
}

export interface CredentialState {
  readonly name: string;
  readonly kind: 'api_key' | 'plan';
  readonly revoked: boolean;
  readonly windows: readonly WindowState<WindowName>[];
  /** Null for an API key. */
  readonly login: (PlanLogin & { readonly refreshes: number }) | null;
}

/** What both kinds of credential have. */
abstract class Account {
  readonly name: string;
  readonly windows: CountingWindow[];
  revoked: boolean;
  outOfCredit: boolean;

  constructor(options: KeyOptions | PlanOptions, now: number) {
    this.name = options.name;
    this.revoked = options.revoked;
    this.outOfCredit = options.outOfCredit;
    this.windows = options.windows.map((window) => new CountingWindow(window, now));
  }

  change(input: unknown, now: number): void {
    const change = credentialChangeSchema.parse(input);
    for (const { name, ...window } of change.windows) this.windowNamed(name, now).change(window);
    if (change.revoked !== undefined) this.revoked = change.revoked;
    if (change.outOfCredit !== undefined) this.outOfCredit = change.outOfCredit;
  }

  protected windowStates(now: number): WindowState<WindowName>[] {
    return this.windows.map((window) => window.state(now));
  }

  private windowNamed(name: WindowName, now: number): CountingWindow {
    const existing = this.windows.find((window) => window.name === name);
    if (existing !== undefined) return existing;
    const added = new CountingWindow({ name, counts: 'requests', limit: unlimited, used: 0 }, now);
    this.windows.push(added);
    return added;
  }
}

/** An API key; it belongs to one organization and one project. */
export class KeyCredential extends Account {
  readonly kind = 'api_key';
  readonly secret: string;
  readonly organization: string;
  readonly project: string;

  constructor(options: KeyOptions, now: number) {
    super(options, now);
    this.secret = options.secret;
    this.organization = options.organization ?? `org-test-${options.name}`;
    this.project = options.project ?? `proj_test_${options.name}`;
  }

  /** Whose responses, files and reasoning its requests may use. */
  get owner(): string {
    return this.organization;
  }

  state(now: number): CredentialState {
    return { name: this.name, kind: this.kind, revoked: this.revoked, windows: this.windowStates(now), login: null };
  }
}

/** A ChatGPT plan with its login. */
export class PlanCredential extends Account {
  readonly kind = 'plan';
  readonly accountId: string;
  planType: string;
  included: boolean;
  credits: PlanOptions['credits'];
  workspaceClosing: WorkspaceClosing | undefined;
  readonly login: Login;

  constructor(options: PlanOptions, now: number) {
    super(options, now);
    this.accountId = options.accountId;
    this.planType = options.planType;
    this.included = options.included;
    this.credits = options.credits;
    this.workspaceClosing = options.workspaceClosing;
    this.windows.push(...standardWindows(this.windows, now));
    const refreshToken = options.refreshToken ?? `rt-test-${options.name}`;
    const mint = (lifetime: Parameters<typeof mintJwt>[1]): string => mintJwt(this.claims(), lifetime);
    this.login = new Login({ refreshToken, lifetimeMs: options.lifetimeMs, singleUse: true, mint }, now);
  }

  get owner(): string {
    return this.accountId;
  }

  override change(input: unknown, now: number): void {
    super.change(input, now);
    const change = credentialChangeSchema.parse(input);
    if (change.included !== undefined) this.included = change.included;
    if (change.credits !== undefined) this.credits = change.credits;
    if (change.workspaceClosing !== undefined) this.workspaceClosing = change.workspaceClosing ?? undefined;
    if (change.planType !== undefined) this.planType = change.planType;
    if (change.lifetimeMs !== undefined) this.login.lifetimeMs = change.lifetimeMs;
    if (change.login === 'expired') this.login.expireAccess();
    if (change.login === 'revoked' || change.login === 'dead') this.login.revokeAccess();
    if (change.login === 'dead') this.login.dead = true;
  }

  planLogin(): PlanLogin {
    const tokens = this.login.current();
    const lifetime = { issuedAt: tokens.expiresAt - this.login.lifetimeMs, expiresAt: tokens.expiresAt, count: 0 };
    return { ...tokens, accountId: this.accountId, idToken: mintJwt(this.claims(), lifetime) };
  }

  state(now: number): CredentialState {
    const login = { ...this.planLogin(), refreshes: this.login.refreshes };
    return { name: this.name, kind: this.kind, revoked: this.revoked, windows: this.windowStates(now), login };
  }

  private claims(): TokenClaims {
    const { accountId, planType, name } = this;
    return { accountId, planType, userId: `user-test-${name}`, email: `${name}@example.test` };
  }
}

export type Credential = KeyCredential | PlanCredential;
