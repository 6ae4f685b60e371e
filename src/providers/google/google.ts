import { asProviderId } from '../../core/ids.ts';
import type { Ask, Credential, Framing, Provider, Route, Wanted } from '../provider.ts';
import { classify, classifyFrame } from './classify.ts';
import { authorize, baseUrl, open, phantomOf, recognise, secretForms } from './credential.ts';
import { withoutForeign } from './foreign.ts';
import { openingOf } from './opening.ts';
import { paceError } from './pace.ts';
import {
  auxiliaryVerbs,
  geminiPath,
  inferenceVerbs,
  isStreamed,
  parameter,
  readPath,
  vertexPath,
  withoutCredentials,
} from './path.ts';
import { probe, probeModel } from './probe.ts';
import { cutText, renderErrorFrame, renderProblem, renderProblemFrame } from './problem.ts';
import { renewServiceAccount } from './service-account.ts';
import { endMark, errorDataOf, errorInside, frameKind, streamEnd, usageOf } from './stream.ts';

/** The Gemini API with a key, as Gemini CLI uses it, and the same models on Vertex AI with a service account. */
export const google: Provider = {
  id: asProviderId('google'),
  title: 'Google',
  doors: ['gemini'],
  baseUrl,
  secretForms,
  recognise,
  issued: (secret) => secret.startsWith('AIza'),
  open,
  login: { renew: (_, secret, reach) => renewServiceAccount(secret, reach) },
  adoption: {
    kind: 'forbidden',
    message: 'Google forbids the use of Gemini CLI’s login by other software.',
    hint: 'Leave it to Gemini CLI in a profile of its own: stint account login gemini <label>. Or give an API key: stint account add google <label>',
  },
  usageEndpoint: null,
  route,
  answerLocal: () => new Response(null, { status: 404 }),
  // Vertex AI has no batches of embeddings.
  suits: ({ path }, kind) => kind !== 'service-account' || readPath(path)?.verb !== 'batchEmbedContents',
  urlOf,
  wantedOf,
  phantomOf,
  // What Gemini CLI 0.61.0 sends with a key names its installation, never a conversation.
  sessionOf: () => null,
  openingOf,
  authorize,
  classify,
  probe,
  probeModel,
  frameKind,
  classifyFrame,
  errorInside,
  streamEnd,
  endMark,
  cutEnd: { unless: /"functionCall"/, text: cutText },
  paceError,
  errorDataOf,
  usageOf,
  bonds: null,
  withoutForeign,
  // A blank line: a comment breaks the parser of Gemini CLI, which then asks again.
  keepAliveFrame: () => '\r\n',
  renderProblem,
  renderProblemFrame,
  renderErrorFrame,
};

function route({ method, path }: Ask): Route | null {
  const call = readPath(path);
  if (call === null) return null;
  if (call.verb === null) return method === 'GET' ? 'auxiliary' : null;
  if (method !== 'POST') return null;
  if (inferenceVerbs.includes(call.verb)) return 'inference';
  return auxiliaryVerbs.includes(call.verb) ? 'auxiliary' : null;
}

function urlOf({ path, search }: Ask, { kind, scope }: Credential, base: string): string {
  const call = readPath(path);
  if (call === null) throw new Error('a path that is not on the allow-list');
  const own =
    kind === 'service-account'
      ? vertexPath(call, scope['project'] ?? '', scope['location'] ?? 'us-central1')
      : geminiPath(call);
  return base + own + withoutCredentials(search);
}

function wantedOf(ask: Ask): Wanted {
  return { model: readPath(ask.path)?.model ?? null, framing: isStreamed(ask) ? framingOf(ask) : null };
}

function framingOf({ search }: Ask): Framing {
  return (parameter(search, 'alt') ?? parameter(search, '$alt')) === 'sse' ? 'sse' : 'json-array';
}
