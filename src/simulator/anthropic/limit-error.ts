import type { Credential } from './credential.ts';
import type { ErrorAnswer } from './error-answer.ts';
import { accountLimitMessage, rateLimited } from './known-error.ts';
import { type Limited, limitHeaders, type Rejection } from './limit-headers.ts';
import type { KeyWindowName, WindowName } from './scenario.ts';
import { newWindow } from './window.ts';

/** Whose request is refused, for which model, at which epoch ms. */
export interface Refused {
  readonly credential: Credential;
  readonly model: string;
  readonly now: number;
}

const organizationId = '0a1b2c3d-0000-4000-8000-000000000001';

/** The 429 of a window that is used up, in the form of the window's family. */
export function usedUp(window: WindowName, refused: Refused): ErrorAnswer {
  const { credential, now } = refused;
  const state = credential.windows.find((candidate) => candidate.name === window)?.state(now);
  if (state === undefined) throw new Error(`credential ${credential.name} has no window ${window}`);
  const rejection = { window, resetAt: state.resetAt, overage: credential.overage };
  if (isKeyWindow(window)) return organizationLimit(window, { ...refused, rejection });
  return accountLimit(refused, rejection);
}

/** The 429 of a subscription. */
export function accountLimit(refused: Refused, rejection: Rejection): ErrorAnswer {
  return rateLimited(accountLimitMessage, limitHeaders(refused.credential, refused.now, rejection));
}

/** The 429 of an organization in its first tier, whose input tokens are used up until `resetAt`. */
export function firstTierLimit(refused: Refused, resetAt: number): ErrorAnswer {
  const windows = [
    { name: 'requests', limit: 50, used: 1 },
    { name: 'input-tokens', limit: 50_000, used: 50_000 },
    { name: 'output-tokens', limit: 10_000, used: 0 },
  ] as const;
  const credential: Limited = {
    overage: 'none',
    familyHeaders: false,
    windows: windows.map((window) => newWindow({ ...window, resetAt }, refused.now)),
  };
  const rejection: Rejection = { window: 'input-tokens', resetAt, overage: 'none' };
  return organizationLimit('input-tokens', { ...refused, credential, rejection });
}

function organizationLimit(
  window: KeyWindowName,
  refused: { credential: Limited; model: string; now: number; rejection: Rejection },
): ErrorAnswer {
  const { credential, model, now, rejection } = refused;
  const limit = credential.windows.find(({ name }) => name === window)?.state(now).limit ?? 0;
  const amount = `${limit.toLocaleString('en-US')} ${window.replace('-', ' ')} per minute`;
  return rateLimited(
    `This request would exceed your organization's rate limit of ${amount} (org: ${organizationId}, model: ${model}). ` +
      'For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. ' +
      'Please reduce the prompt length or the maximum tokens requested, or try again later. ' +
      'You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.',
    limitHeaders(credential, now, rejection),
  );
}

function isKeyWindow(name: WindowName): name is KeyWindowName {
  return name === 'requests' || name.endsWith('tokens');
}
