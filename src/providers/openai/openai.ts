import { asProviderId } from '../../core/ids.ts';
import { readFields } from '../../lib/json-field.ts';
import type { Ask, Provider, Wanted } from '../provider.ts';
import { adoption } from './adoption.ts';
import { bonds } from './bond.ts';
import { classify, classifyErrorEvent } from './classify.ts';
import { authorize, open, phantomOf, recognise, secretForms } from './credential.ts';
import { withoutForeign } from './foreign.ts';
import { answerLocal } from './local.ts';
import { login } from './login.ts';
import { openingOf } from './opening.ts';
import { baseUrl, route, suits, urlOf } from './path.ts';
import { probe, probeModel } from './probe.ts';
import { keepAliveFrame, renderErrorFrame, renderProblem, renderProblemFrame } from './problem.ts';
import { socket } from './socket.ts';
import { paceError } from './pace.ts';
import { errorDataOf, errorInside, frameKind, streamEnd, usageOf } from './stream.ts';
import { usageEndpoint } from './usage.ts';

/**
 * OpenAI's API and the backend of a ChatGPT plan as Codex uses them (pinned version: see agent-tests), and vendors
 * compatible with the API.
 */
export const openai: Provider = {
  id: asProviderId('openai'),
  title: 'OpenAI',
  doors: ['openai', 'codex'],
  baseUrl,
  secretForms,
  recognise,
  issued: (secret) => /^sk-(proj|svcacct|admin)-/.test(secret),
  open,
  login,
  adoption,
  usageEndpoint,
  route,
  answerLocal,
  suits,
  urlOf,
  wantedOf,
  phantomOf,
  sessionOf,
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
  paceError,
  errorDataOf,
  usageOf,
  bonds,
  withoutForeign,
  socket,
  keepAliveFrame: (_, ask) => keepAliveFrame(ask),
  renderProblem,
  renderProblemFrame,
  renderErrorFrame,
};

function wantedOf(_ask: Ask, body: Buffer): Wanted {
  const { model, stream } = readFields(body, ['model', 'stream']);
  return { model: typeof model === 'string' ? model : null, framing: stream === true ? 'sse' : null };
}

/**
 * Codex 0.169.0 names its thread, and in `session-id` the thread that a subagent's belongs to; older ones have an
 * underscore. `x-client-request-id` is the thread there too, but other clients change it with each request.
 */
function sessionOf(headers: Headers): string | null {
  return (
    headers.get('thread-id') ??
    headers.get('session-id') ??
    headers.get('conversation_id') ??
    headers.get('session_id') ??
    null
  );
}
