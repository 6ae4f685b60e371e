import type { Ask } from '../provider.ts';

/** What a path of the Gemini API or of Vertex AI asks for. https://ai.google.dev/api, https://cloud.google.com/vertex-ai/docs/reference/rest */
export type Call = {
  /** Of the Gemini API; Vertex AI calls its `v1beta` `v1beta1`. */
  readonly version: 'v1' | 'v1beta';
  /** Null for the list of all models. */
  readonly model: string | null;
  /** Null for reading about models. */
  readonly verb: string | null;
};

export const inferenceVerbs = ['generateContent', 'streamGenerateContent', 'embedContent', 'batchEmbedContents'];
export const auxiliaryVerbs = ['countTokens'];

const model = '(?!\\.{1,2}(?:[:/]|$))([A-Za-z0-9._@-]{1,128})';
const name = '(?!\\.{1,2}/)[A-Za-z0-9._:-]{1,64}';
const vertexScope = `(?:projects/${name}/locations/${name}/)?publishers/google`;
const forms = [
  new RegExp(`^/(v1|v1beta)/models(?:/${model}(?::([A-Za-z]{1,32}))?)?$`),
  new RegExp(`^/(v1|v1beta1)/${vertexScope}/models(?:/${model}(?::([A-Za-z]{1,32}))?)?$`),
];

/** Reads a path of either API; null for one that is not on the allow-list. Whose project it names does not matter. */
export function readPath(path: string): Call | null {
  // `$` also matches before a line break at the end.
  if (path.endsWith('\n')) return null;
  for (const form of forms) {
    const match = form.exec(path);
    if (match === null) continue;
    return { version: match[1] === 'v1' ? 'v1' : 'v1beta', model: match[2] ?? null, verb: match[3] ?? null };
  }
  return null;
}

export function geminiPath({ version, model: asked, verb }: Call): string {
  return `/${version}/models${tail(asked, verb)}`;
}

/** The models that Vertex AI publishes are read without a project; everything else belongs to one. */
export function vertexPath({ version, model: asked, verb }: Call, project: string, location: string): string {
  const scope =
    verb === null ? '' : `/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`;
  return `/${version === 'v1' ? 'v1' : 'v1beta1'}${scope}/publishers/google/models${tail(asked, verb)}`;
}

function tail(asked: string | null, verb: string | null): string {
  return asked === null ? '' : `/${asked}${verb === null ? '' : `:${verb}`}`;
}

/** Credentials, and whose project is charged: neither goes upstream in a URL. https://cloud.google.com/apis/docs/system-parameters */
const ofTheAccount = /^\$?(key|access_token|oauth_token|userproject|quotauser)$/i;

export function withoutCredentials(search: string): string {
  const kept = parts(search).filter(([key]) => !ofTheAccount.test(key));
  return kept.length === 0 ? '' : `?${kept.map(([, text]) => text).join('&')}`;
}

export function parameter(search: string, wanted: string): string | null {
  const found = parts(search).find(([key]) => key === wanted)?.[1];
  if (found === undefined) return null;
  const at = found.indexOf('=');
  return at === -1 ? '' : decode(found.slice(at + 1));
}

export function isStreamed({ path }: Pick<Ask, 'path'>): boolean {
  return path.endsWith(':streamGenerateContent');
}

/** The parameters of a query as they were sent, each after its decoded name. */
function parts(search: string): [string, string][] {
  return search
    .slice(1)
    .split('&')
    .filter((text) => text !== '')
    .map((text) => [decode(text.split('=', 1)[0] ?? ''), text]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
