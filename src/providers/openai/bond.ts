import { readFields } from '../../lib/json-field.ts';
import type { Ask, Bonds } from '../provider.ts';

/** Codex sends back what the head of the turn's first answer told, so that the whole turn meets one server. */
const turnState = 'x-codex-turn-state';

/** What is stored at one account: responses and conversations that a request goes on from, and files. */
export const bonds: Bonds = {
  named(ask, headers, body) {
    const state = headers.get(turnState);
    return { hard: [...inPath(ask), ...inBody(body)], soft: state === null || state === '' ? [] : [state] };
  },
  made(headers, first) {
    const state = headers.get(turnState);
    return [...(state === null || state === '' ? [] : [state]), ...idsIn(first)];
  },
  release(headers) {
    headers.delete(turnState);
  },
};

function inPath({ path }: Ask): string[] {
  const id = /\/(?:responses|conversations|files)\/([A-Za-z0-9_-]{1,128})/.exec(path)?.[1];
  return id !== undefined && /^(resp|conv|file)[_-]/.test(id) ? [id] : [];
}

function inBody(body: Buffer): string[] {
  if (body.length === 0) return [];
  const { previous_response_id: previous, conversation } = readFields(body, ['previous_response_id', 'conversation']);
  return [previous, conversation ?? conversationObject(body)]
    .filter((id): id is string => typeof id === 'string' && id !== '')
    .concat(filesIn(body));
}

/** `"conversation":{"id":"conv_…"}`. */
export function conversationObject(body: Buffer): string | undefined {
  const at = body.indexOf('"conversation"');
  if (at === -1) return undefined;
  return /^"conversation"\s*:\s*\{\s*"id"\s*:\s*"([A-Za-z0-9_-]{1,128})"/.exec(
    body.toString('latin1', at, at + 256),
  )?.[1];
}

const mostIds = 64;

/** A name in quotes stands in no JSON text: there its quotes are escaped. */
export function filesIn(body: Buffer): string[] {
  const ids = new Set<string>();
  let at = body.indexOf('"file_id"');
  while (at !== -1 && ids.size < mostIds) {
    const id = /^"file_id"\s*:\s*"([A-Za-z0-9_-]{1,128})"/.exec(body.toString('latin1', at, at + 200))?.[1];
    if (id !== undefined) ids.add(id);
    at = body.indexOf('"file_id"', at + 9);
  }
  return [...ids];
}

/** Ids of what an answer created, by their form; those of items in it are no names that a request can go on from. */
function idsIn(first: string): string[] {
  const ids = new Set<string>();
  for (const match of first.matchAll(/"id"\s*:\s*"((?:resp|conv|file)[_-][A-Za-z0-9_-]{1,128})"/g)) {
    if (ids.size < mostIds && match[1] !== undefined) ids.add(match[1]);
  }
  return [...ids];
}
