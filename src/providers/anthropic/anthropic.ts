import { asProviderId } from '../../core/ids.ts';
import type { Ask, Provider, Route, Wanted } from '../provider.ts';
import { readFields } from '../../lib/json-field.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { authorize, open, phantomOf, recognise, secretForms } from './credential.ts';
import { adoption, login } from './login.ts';
import { openingOf } from './opening.ts';
import { probe, probeModel } from './probe.ts';
import { renderProblem, renderProblemFrame } from './problem.ts';
import { errorDataOf, errorInside, frameKind, streamEnd, usageOf } from './stream.ts';
import { usageEndpoint } from './usage.ts';

/** Anthropic's Messages API as Claude Code uses it (pinned version: see agent-tests), and vendors compatible with it. */
export const anthropic: Provider = {
  id: asProviderId('anthropic'),
  title: 'Anthropic',
  doors: ['anthropic'],
  baseUrl: () => 'https://api.anthropic.com',
  secretForms,
  recognise,
  issued: (secret) => secret.startsWith('sk-ant-'),
  open,
  login,
  adoption,
  usageEndpoint,
  route,
  // Claude Code 2.1.197 asks `HEAD /` without a credential before its first request.
  answerLocal: () => new Response(null),
  suits: () => true,
  urlOf: ({ path, search }, _, base) => base + path + search,
  wantedOf,
  phantomOf,
  sessionOf: (headers) => headers.get('x-claude-code-session-id'),
  openingOf,
  authorize,
  classify,
  probe,
  probeModel,
  frameKind,
  classifyFrame: classifyErrorEvent,
  errorInside,
  streamEnd,
  cutEnd: 'break',
  errorDataOf,
  usageOf,
  bonds: null,
  // Claude Code takes refused thinking blocks out by itself.
  withoutForeign: () => null,
  keepAliveFrame: () => 'event: ping\ndata: {"type": "ping"}\n\n',
  renderProblem,
  renderProblemFrame,
  renderErrorFrame: ({ body }) => `event: error\ndata: ${body.replaceAll(/[\r\n]+/g, ' ')}\n\n`,
};

function route({ method, path }: Ask): Route | null {
  if (method === 'POST' && path === '/v1/messages') return 'inference';
  if (method === 'POST' && path === '/v1/messages/count_tokens') return 'auxiliary';
  if (method === 'GET' && /^\/v1\/models(\/(?!\.{1,2}$)[A-Za-z0-9._:@[\]-]{1,128})?$/.test(path)) return 'auxiliary';
  if (method === 'HEAD' && (path === '/' || path === '')) return 'local';
  return null;
}

function wantedOf({ path }: Ask, body: Buffer): Wanted {
  const { model, stream } = readFields(body, path === '/v1/messages' ? ['model', 'stream'] : ['model']);
  return { model: typeof model === 'string' ? model : null, framing: stream === true ? 'sse' : null };
}
