import type { Ask, Credential, Route, Wanted } from '../provider.ts';
import { apiKey, planLogin } from './credential.ts';

/** What may be asked: below `/v1` of the API, below `/codex` or beside it of a ChatGPT plan's backend. */
type Endpoint = {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly route: Route;
  readonly kinds: readonly string[];
};

const both = [apiKey, planLogin];
const id = '(?!\\.{1,2}(?:/|$))[A-Za-z0-9._:@-]{1,128}';
const at = (pattern: string): RegExp => new RegExp(`^${pattern}$`);

/** What both doors have. GET is how a WebSocket is asked for. */
const shared: readonly Endpoint[] = [
  { methods: ['POST', 'GET'], path: at('/responses'), route: 'inference', kinds: both },
  { methods: ['POST'], path: at('/responses/compact'), route: 'inference', kinds: both },
  { methods: ['POST'], path: at('/images/(generations|edits)'), route: 'inference', kinds: both },
  // Codex's own web search.
  { methods: ['POST'], path: at('/alpha/search'), route: 'auxiliary', kinds: both },
];

/** The API, https://platform.openai.com/docs/api-reference: what agents ask models, and the things that such requests name. */
const apiOnly: readonly Endpoint[] = [
  { methods: ['POST'], path: at('/(chat/completions|completions|embeddings)'), route: 'inference', kinds: [apiKey] },
  { methods: ['POST'], path: at('/responses/input_tokens'), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET', 'DELETE'], path: at(`/responses/${id}`), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET'], path: at(`/responses/${id}/input_items`), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['POST'], path: at(`/responses/${id}/cancel`), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['POST'], path: at('/conversations'), route: 'auxiliary', kinds: [apiKey] },
  {
    methods: ['GET', 'POST', 'DELETE'],
    path: at(`/conversations/${id}(/items)?`),
    route: 'auxiliary',
    kinds: [apiKey],
  },
  { methods: ['POST'], path: at('/moderations'), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET'], path: at(`/models(/${id})?`), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET', 'POST'], path: at('/files'), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET', 'DELETE'], path: at(`/files/${id}`), route: 'auxiliary', kinds: [apiKey] },
  { methods: ['GET'], path: at(`/files/${id}/content`), route: 'auxiliary', kinds: [apiKey] },
];

/** A ChatGPT plan's backend as Codex 0.169.0 was seen to ask it at its start. */
const planOnly: readonly Endpoint[] = [
  { methods: ['GET'], path: at('/models'), route: 'auxiliary', kinds: [planLogin] },
  { methods: ['GET'], path: at('(/wham)?/usage'), route: 'auxiliary', kinds: [planLogin] },
  // Where the account's requests have to go: its true answer could send Codex past us.
  { methods: ['GET'], path: at('/wham/accounts/check'), route: 'local', kinds: both },
  // What belongs to an account and not to its conversations: Codex is content with nothing, and says so less often than after a 404.
  { methods: ['GET'], path: at('/wham/settings/user'), route: 'local', kinds: both },
  { methods: ['GET'], path: at('/ps/plugins/[a-z/]{1,64}'), route: 'local', kinds: both },
  // Comes without a credential.
  { methods: ['POST'], path: at('/ps/mcp'), route: 'local', kinds: both },
  { methods: ['POST'], path: at('/analytics-events/events'), route: 'local', kinds: both },
];

const endpoints: Readonly<Record<string, readonly Endpoint[]>> = {
  openai: [...shared, ...apiOnly],
  codex: [...shared, ...planOnly],
};

export function route(ask: Ask): Route | null {
  return endpointOf(ask)?.route ?? null;
}

export function suits(ask: Ask, kind: string, { framing }: Wanted): boolean {
  if (endpointOf(ask)?.kinds.includes(kind) !== true) return false;
  // A plan's backend answers "Stream must be set to true" to anything else.
  const whole = ask.method === 'POST' && framing === null && innerPath(ask) === '/responses';
  return kind !== planLogin || !whole;
}

export function baseUrl(kind: string): string {
  return kind === planLogin ? 'https://chatgpt.com' : 'https://api.openai.com';
}

/** The same request where the credential is served: an API key below `/v1`, a plan below `/backend-api`. */
export function urlOf(ask: Ask, { kind }: Credential, base: string): string {
  const path = innerPath(ask) ?? ask.path;
  if (kind !== planLogin) return `${base.replace(/\/v1$/, '')}/v1${path}${ask.search}`;
  const backend = `${base.replace(/\/backend-api(\/codex)?$/, '')}/backend-api`;
  if (path === '/usage') return `${backend}/wham/usage${ask.search}`;
  return path.startsWith('/wham/') ? backend + path + ask.search : `${backend}/codex${path}${ask.search}`;
}

function endpointOf(ask: Ask): Endpoint | undefined {
  const path = innerPath(ask);
  if (path === null) return undefined;
  return endpoints[ask.door]?.find((each) => each.methods.includes(ask.method) && each.path.test(path));
}

/**
 * The path without what stands in front of it: `/v1` of the API; of the backend `/backend-api`, `/backend-api/codex` or
 * `/api/codex`, which Codex puts there or not, depending on the base URL that it was given.
 */
export function innerPath({ door, path }: Ask): string | null {
  if (door === 'openai') return path.startsWith('/v1/') ? path.slice(3) : null;
  return path.replace(/^(\/api\/codex|(\/backend-api)?(\/codex)?)(?=\/)/, '');
}
