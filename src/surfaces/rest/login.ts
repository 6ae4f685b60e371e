import type { Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { secondMs } from '../../core/time.ts';
import { Problem } from '../../core/problem.ts';
import type { AuditEntry } from '../../core/audit.ts';
import { checkHost, checkOrigin, cookieName, type DoorDeps } from './admission.ts';
import { readFields } from './json-body.ts';
import { homePage, loginPage, strangerPage, type Page } from './page.ts';
import type { RestEnv } from './rest.ts';

type LoginDeps = DoorDeps & { readonly context: { readonly audit: (entry: AuditEntry) => Promise<void> } };

/** What a browser may ask before it is logged in: the two pages, and the exchange of a code for a cookie. */
export function addLogin(app: Hono<RestEnv>, deps: LoginDeps): void {
  const show = (c: Context, { html, headers }: Page, status: 200 | 401 = 200) => c.body(html, status, headers);
  app.use('/', async (c, next) => {
    checkHost(c, deps.hostname);
    await next();
  });
  app.get('/', (c) => (isLoggedIn(c, deps) ? show(c, homePage) : show(c, strangerPage, 401)));
  app.get('/login', (c) => {
    checkHost(c, deps.hostname);
    return show(c, loginPage);
  });
  app.post('/api/login', async (c) => {
    checkHost(c, deps.hostname);
    checkOrigin(c, deps.secure);
    const session = deps.browsers.redeem(codeOf(await readFields(c)));
    if (session === undefined) {
      deps.throttle.refused();
      await noteLogin(deps, 'unauthorized');
      throw new Problem('unauthorized', 'This link was used already, or is too old.', {
        hint: 'Make another with: stint dashboard link',
      });
    }
    await noteLogin(deps, 'done');
    setCookie(c, cookieName(c), session.token, {
      ...{ path: '/', httpOnly: true, sameSite: 'Strict', secure: deps.secure },
      maxAge: session.lastsMs / secondMs,
    });
    return c.body(null, 204);
  });
}

function noteLogin({ context }: LoginDeps, outcome: AuditEntry['outcome']): Promise<void> {
  return context.audit({ kind: 'browser.login', surface: 'web', actor: 'browser', subject: '', outcome, detail: null });
}

/** Ends the session of a browser, which was let in by its cookie. */
export function logOut(c: Context, { browsers, secure }: DoorDeps): Response {
  const cookie = getCookie(c, cookieName(c));
  if (cookie !== undefined) browsers.end(cookie);
  deleteCookie(c, cookieName(c), { path: '/', secure });
  return c.body(null, 204);
}

function isLoggedIn(c: Context, { browsers }: DoorDeps): boolean {
  const cookie = getCookie(c, cookieName(c));
  return cookie !== undefined && browsers.find(cookie) !== undefined;
}

function codeOf(fields: Readonly<Record<string, unknown>>): string {
  const { code, ...others } = fields;
  if (typeof code === 'string' && Object.keys(others).length === 0) return code;
  throw new Problem('invalid', 'A login takes a code and nothing else.', {
    hint: 'Open the link of: stint dashboard link',
  });
}
