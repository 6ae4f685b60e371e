import { isIP } from 'node:net';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import { Problem } from '../../core/problem.ts';
import { isLoopback } from '../../lib/loopback.ts';
import type { Caller } from '../../operations/context.ts';
import type { Browsers } from './browsers.ts';
import type { Throttle } from './throttle.ts';

/** Somebody who was let in, and the signal that says that it is over: the token was rotated, the browser logged out. */
export type Admission = { readonly caller: Caller; readonly until: AbortSignal };

export type DoorDeps = {
  readonly tokens: {
    find(token: string): { readonly scope: Caller['scope']; readonly until: AbortSignal } | undefined;
  };
  readonly browsers: Browsers;
  readonly throttle: Throttle;
  /** What the TCP listener was bound to. */
  readonly hostname: string;
  /** Whether it speaks TLS. */
  readonly secure: boolean;
};

/** Lets a request of the TCP listener in by its token or its browser’s cookie. Throws a Problem where it has neither. */
export function admit(c: Context, deps: DoorDeps): Admission {
  checkHost(c, deps.hostname);
  checkOrigin(c, deps.secure);
  const token = /^Bearer +(.+)$/i.exec(c.req.header('authorization') ?? '')?.[1]?.trim();
  return token === undefined ? admitBrowser(c, deps) : admitToken(token, deps);
}

function admitToken(token: string, { tokens, throttle }: DoorDeps): Admission {
  const found = tokens.find(token);
  if (found === undefined) {
    throttle.refused();
    throw new Problem('unauthorized', 'This is not a token of this daemon.', { hint: tokenHint });
  }
  const actor = found.scope === 'full' ? 'token' : 'read-token';
  return { caller: { surface: 'rest', actor, scope: found.scope }, until: found.until };
}

function admitBrowser(c: Context, { browsers }: DoorDeps): Admission {
  const cookie = getCookie(c, cookieName(c));
  if (cookie === undefined) throw new Problem('unauthorized', 'The control API needs a token.', { hint: tokenHint });
  const until = browsers.find(cookie);
  if (until === undefined) {
    throw new Problem('unauthorized', 'This browser is no longer logged in.', { hint: 'Run: stint dashboard link' });
  }
  checkOwnPage(c);
  return { caller: { surface: 'web', actor: 'browser', scope: 'full' }, until };
}

const tokenHint = 'Send "Authorization: Bearer" with the content of the file `token` in Stint’s home.';

/** A Host that is this machine or the configured one: a page that rebinds its own name has neither. */
export function checkHost(c: Context, hostname: string): void {
  const host = hostOf(c)
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (isLoopback(host) || isBound(hostname.toLowerCase(), host)) return;
  throw new Problem('forbidden', 'This host name is not one of the control API.', {
    hint: 'Use http://127.0.0.1:<port>',
  });
}

/** A listener on all addresses has those of every network it is on; a name is none of them. */
function isBound(hostname: string, host: string): boolean {
  return hostname === '0.0.0.0' || hostname === '::' ? isIP(host) !== 0 : host === hostname;
}

/** Anything else would be taken for a part of the path. */
export function refuseOddHost(c: Context): void {
  if (/^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/.test(hostOf(c))) return;
  throw new Problem('forbidden', 'The Host of this request is none.', { hint: 'Use http://127.0.0.1:<port>' });
}

/** No page but our own speaks to the control API, whatever it holds. */
export function checkOrigin(c: Context, secure: boolean): void {
  const origin = c.req.header('origin')?.toLowerCase();
  if (origin !== undefined && origin !== `${secure ? 'https' : 'http'}://${hostOf(c)}`) throw foreignPage();
}

/** Browsers send a cookie also for pages of other ports of this machine: those are the same site (RFC 6265bis, section 5.2). */
function checkOwnPage(c: Context): void {
  const site = c.req.header('sec-fetch-site');
  const safe = c.req.method === 'GET' || c.req.method === 'HEAD';
  const own = site === 'same-origin' || (site === undefined && c.req.header('origin') !== undefined);
  if (safe ? site !== undefined && site !== 'none' && !own : !own) throw foreignPage();
}

function foreignPage(): Problem {
  return new Problem('forbidden', 'This came from a page that is not Stint’s.', {
    hint: 'Scripts use a token and send no Origin.',
  });
}

/** Cookies do not tell ports apart, daemons do. */
export function cookieName(c: Context): string {
  return `stint-${/:(\d+)$/.exec(hostOf(c))?.[1] ?? 'session'}`;
}

function hostOf(c: Context): string {
  return (c.req.header('host') ?? '').toLowerCase();
}
