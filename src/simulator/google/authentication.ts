import type { HttpRequest } from '../http/request-reader.ts';
import type { ApiError } from './api-error.ts';
import type { Credential } from './credential.ts';
import { type Endpoint, serviceOf } from './endpoint.ts';
import {
  expiredKey,
  expiredToken,
  foreignProject,
  invalidKey,
  missingKey,
  missingToken,
  permissionDenied,
  unknownToken,
} from './known-error.ts';

/** Whose request it is, as far as the secret tells, and why it is refused. */
export interface Authentication {
  readonly credential: Credential | null;
  readonly refusal: ApiError | undefined;
}

interface Asked {
  readonly request: HttpRequest;
  readonly endpoint: Endpoint;
  readonly credentials: readonly Credential[];
  readonly now: number;
}

/** Finds whose request it is; the project in a path must be the credential's own. */
export function authenticate(asked: Asked): Authentication {
  const { request, endpoint, credentials } = asked;
  const key = request.headers['x-goog-api-key'] ?? new URLSearchParams(request.query).get('key') ?? undefined;
  const secret = key ?? bearerOf(request);
  const credential = credentials.find((candidate) => secret !== undefined && candidate.holds(secret)) ?? null;
  const refusal =
    key === undefined ? problemWithToken(asked, { secret, credential }) : problemWithKey(asked, { secret, credential });
  return { credential, refusal: refusal ?? problemWithProject(endpoint, credential) };
}

export function bearerOf({ headers }: HttpRequest): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
}

interface Presented {
  readonly secret: string | undefined;
  readonly credential: Credential | null;
}

function problemWithKey({ now, endpoint }: Asked, { secret, credential }: Presented): ApiError | undefined {
  // Code Assist and a project's own paths of Vertex AI take no key.
  if (endpoint.api === 'code_assist' || endpoint.project !== null) return missingToken(serviceOf(endpoint));
  if (credential?.kind !== 'api_key' || credential.revoked) return invalidKey;
  return credential.expired(secret ?? '', now) ? expiredKey : undefined;
}

function problemWithToken({ now, endpoint }: Asked, { secret, credential }: Presented): ApiError | undefined {
  const service = serviceOf(endpoint);
  if (secret === undefined) return endpoint.api === 'gemini' ? missingKey : missingToken(service);
  if (credential === null || credential.kind === 'api_key' || credential.revoked) return unknownToken(service);
  if (credential.expired(secret, now)) return expiredToken(service);
  const api = credential.kind === 'login' ? 'code_assist' : 'vertex';
  return endpoint.api === api ? undefined : permissionDenied;
}

function problemWithProject(endpoint: Endpoint, credential: Credential | null): ApiError | undefined {
  const { project } = endpoint;
  if (project === null || project === credential?.project) return undefined;
  return foreignProject(project, serviceOf(endpoint));
}
