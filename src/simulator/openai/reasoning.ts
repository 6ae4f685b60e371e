import type { InputItem } from './responses-request.ts';

/** What the real content begins with: the version byte of a Fernet token. */
const mark = 'gAAAAA';

/** Renders reasoning that only its owner can give back. */
export function encryptReasoning(owner: string, itemId: string): string {
  return mark + Buffer.from(JSON.stringify({ owner, itemId })).toString('base64url');
}

/** Finds the id of the first item whose encrypted content is not this owner's. */
export function foreignItem(items: readonly InputItem[], owner: string): string | undefined {
  const found = items.find(
    ({ encrypted_content: content }) => content !== null && content !== undefined && ownerOf(content) !== owner,
  );
  return found === undefined ? undefined : (found.id ?? 'rs_unknown');
}

function ownerOf(content: string): unknown {
  if (!content.startsWith(mark)) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.from(content.slice(mark.length), 'base64url').toString());
    return typeof json === 'object' && json !== null && 'owner' in json ? json.owner : undefined;
  } catch {
    return undefined;
  }
}
