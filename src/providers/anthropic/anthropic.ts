import { asProviderId } from '../../core/ids.ts';
import type { Provider, Route } from '../provider.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { authorize, phantomOf, recognise, secretForms } from './credential.ts';
import { renderProblem, renderProblemFrame } from './problem.ts';
import { errorDataOf, frameKind, streamEnd, usageOf } from './stream.ts';

/** Anthropic's Messages API as Claude Code uses it (pinned version: see agent-tests), and vendors compatible with it. */
export const anthropic: Provider = {
  id: asProviderId('anthropic'),
  title: 'Anthropic',
  baseUrl: 'https://api.anthropic.com',
  secretForms,
  recognise,
  route,
  phantomOf,
  sessionOf: (headers) => headers.get('x-claude-code-session-id'),
  authorize,
  classify,
  frameKind,
  classifyFrame: classifyErrorEvent,
  streamEnd,
  errorDataOf,
  usageOf,
  keepAliveFrame: 'event: ping\ndata: {"type": "ping"}\n\n',
  renderProblem,
  renderProblemFrame,
};

function route(method: string, path: string): Route | null {
  if (method === 'POST' && path === '/v1/messages') return 'inference';
  if (method === 'POST' && path === '/v1/messages/count_tokens') return 'auxiliary';
  if (method === 'GET' && /^\/v1\/models(\/(?!\.{1,2}$)[A-Za-z0-9._:@[\]-]{1,128})?$/.test(path)) return 'auxiliary';
  // Claude Code 2.1.197 asks `HEAD /` without a credential before its first request.
  if (method === 'HEAD' && (path === '/' || path === '')) return 'local';
  return null;
}
