import type { HttpRequest } from '../http/request-reader.ts';
import { asksForWebSocket } from '../http/web-socket.ts';
import type { Plane } from './authentication.ts';

/** What a path and a method ask for. */
export type Endpoint =
  | { readonly kind: 'responses' | 'socket' | 'compact' | 'chat' | 'embeddings' | 'count'; readonly plane: Plane }
  | { readonly kind: 'models' | 'files'; readonly plane: 'api'; readonly id?: string }
  | { readonly kind: 'stored'; readonly plane: 'api'; readonly id: string }
  | { readonly kind: 'plan-models' | 'usage' | 'accounts'; readonly plane: 'backend' };

const backendPrefix = '/backend-api';

/** Finds the endpoint; undefined for a path that the provider does not have. */
export function endpointOf(request: HttpRequest): Endpoint | undefined {
  const { method, path } = request;
  if (path === '/v1/responses' || path === `${backendPrefix}/codex/responses`) {
    const plane: Plane = path.startsWith(backendPrefix) ? 'backend' : 'api';
    if (method === 'POST') return { kind: 'responses', plane };
    return asksForWebSocket(request) ? { kind: 'socket', plane } : undefined;
  }
  return path.startsWith(backendPrefix) ? backendEndpoint(method, path) : apiEndpoint(method, path);
}

/** Whether the endpoint answers with a model. */
export function isInference({ kind }: Endpoint): boolean {
  return kind === 'responses' || kind === 'socket' || kind === 'compact' || kind === 'chat' || kind === 'embeddings';
}

function backendEndpoint(method: string, path: string): Endpoint | undefined {
  const below = path.slice(backendPrefix.length);
  if (method === 'POST' && below === '/codex/responses/compact') return { kind: 'compact', plane: 'backend' };
  if (method !== 'GET') return undefined;
  if (below === '/codex/models') return { kind: 'plan-models', plane: 'backend' };
  if (below === '/wham/usage' || below === '/codex/usage') return { kind: 'usage', plane: 'backend' };
  return below === '/wham/accounts/check' ? { kind: 'accounts', plane: 'backend' } : undefined;
}

const posted: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': { kind: 'chat', plane: 'api' },
  '/v1/embeddings': { kind: 'embeddings', plane: 'api' },
  '/v1/responses/compact': { kind: 'compact', plane: 'api' },
  '/v1/responses/input_tokens': { kind: 'count', plane: 'api' },
};

function apiEndpoint(method: string, path: string): Endpoint | undefined {
  const known = method === 'POST' ? posted[path] : undefined;
  if (known !== undefined) return known;
  const [, version, collection, id, action, ...more] = path.split('/');
  if (version !== 'v1' || more.length > 0) return undefined;
  const reads = method === 'GET' || method === 'DELETE';
  if (collection === 'models' && method === 'GET' && action === undefined) return item('models', id);
  if (collection === 'files' && action === undefined && (reads || (method === 'POST' && id === undefined))) {
    return item('files', id);
  }
  if (collection !== 'responses' || id === undefined) return undefined;
  if (reads && action === undefined) return { kind: 'stored', plane: 'api', id };
  return method === 'POST' && action === 'cancel' ? { kind: 'stored', plane: 'api', id } : undefined;
}

function item(kind: 'models' | 'files', id: string | undefined): Endpoint {
  return id === undefined ? { kind, plane: 'api' } : { kind, plane: 'api', id };
}
