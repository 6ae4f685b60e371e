import type { HttpRequest } from '../http/request-reader.ts';
import type { Service } from './api-error.ts';
import type { Framing } from './framing.ts';

/** The API that a path belongs to: the public one with keys, Vertex AI, or what Gemini CLI asks with a Google login. */
export type Api = 'gemini' | 'vertex' | 'code_assist';

/** What a request asks, as its path says it. */
export interface Endpoint {
  readonly api: Api;
  readonly version: string;
  /** The method's name, `streamGenerateContent` for one; `models` lists and `model` describes. */
  readonly method: string;
  readonly model: string | null;
  /** The project in a path of Vertex AI. */
  readonly project: string | null;
}

const codeAssist = /^\/(?<version>v1internal):(?<method>\w+)$/;
const modelPath = /^\/(?<version>v1|v1beta|v1alpha)\/models(?:\/(?<model>[^/:]+)(?::(?<method>\w+))?)?$/;
const vertexPath =
  /^\/(?<version>v1|v1beta1)\/(?:projects\/(?<project>[^/]+)\/locations\/[^/]+\/)?publishers\/google\/models\/(?<model>[^/:]+):(?<method>\w+)$/;

const getters = new Set(['models', 'model', 'getCodeAssistGlobalUserSetting']);

/** Reads method and path; undefined for what the provider does not have. */
export function endpointOf({ method, path }: HttpRequest): Endpoint | undefined {
  const endpoint = parsed(path);
  if (endpoint === undefined) return undefined;
  return method === (getters.has(endpoint.method) ? 'GET' : 'POST') ? endpoint : undefined;
}

function parsed(path: string): Endpoint | undefined {
  const internal = codeAssist.exec(path)?.groups;
  if (internal !== undefined) return endpoint('code_assist', internal);
  const vertex = vertexPath.exec(path)?.groups;
  if (vertex !== undefined) return endpoint('vertex', vertex);
  const models = modelPath.exec(path)?.groups;
  if (models === undefined) return undefined;
  return endpoint('gemini', { method: models['model'] === undefined ? 'models' : 'model', ...withoutAbsent(models) });
}

function endpoint(api: Api, groups: Readonly<Record<string, string>>): Endpoint {
  const { version = '', method = '', model, project } = groups;
  return {
    api,
    version,
    method,
    model: model === undefined ? null : unescaped(model),
    project: project === undefined ? null : unescaped(project),
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutAbsent(groups: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

export function isStream({ method }: Endpoint): boolean {
  return method === 'streamGenerateContent';
}

/** Whether the endpoint makes content, streamed or whole. */
export function isContent({ method }: Endpoint): boolean {
  return method === 'streamGenerateContent' || method === 'generateContent';
}

export function framingOf({ query }: HttpRequest): Framing {
  return new URLSearchParams(query).get('alt') === 'sse' ? 'sse' : 'array';
}

/** How errors come: Code Assist wraps those of its streams into an array whatever the framing, as Gemini CLI reads them. */
export function errorsInArray(endpoint: Endpoint, request: HttpRequest): boolean {
  return isStream(endpoint) && (endpoint.api === 'code_assist' || framingOf(request) === 'array');
}

const services: Readonly<Record<Api, Service>> = {
  gemini: {
    name: 'generativelanguage.googleapis.com',
    method: 'google.ai.generativelanguage.v1beta.GenerativeService.',
  },
  vertex: { name: 'aiplatform.googleapis.com', method: 'google.cloud.aiplatform.v1.PredictionService.' },
  code_assist: {
    name: 'cloudcode-pa.googleapis.com',
    method: 'google.internal.cloud.code.v1internal.PredictionService.',
  },
};

/** The names under which an error cites the endpoint. */
export function serviceOf({ api, method }: Endpoint): Service {
  const service = services[api];
  return { name: service.name, method: `${service.method}${method.charAt(0).toUpperCase()}${method.slice(1)}` };
}
