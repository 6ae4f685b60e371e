import { firstElements, readFields } from '../../lib/json-field.ts';

/**
 * The body without reasoning that only the account which made it can read, byte for byte the same elsewhere; null when
 * there is none. A compaction is encrypted too and stays: without it the conversation would lose its beginning.
 */
export function withoutForeign(body: Buffer, leavesOut: (made: Buffer) => boolean): Buffer | null {
  const items = firstElements(body, 'input', Number.POSITIVE_INFINITY);
  const kept = items.filter((item) => !isForeign(item) || !leavesOut(item));
  const [first, last] = [items[0], items.at(-1)];
  if (kept.length === items.length || first === undefined || last === undefined) return null;
  const start = first.byteOffset - body.byteOffset;
  const end = last.byteOffset - body.byteOffset + last.length;
  const parts = kept.flatMap((item, index) => (index === 0 ? [item] : [comma, item]));
  return Buffer.concat([body.subarray(0, start), ...parts, body.subarray(end)]);
}

const comma = Buffer.from(',');

export function isForeign(item: Buffer): boolean {
  return item.includes('"encrypted_content"') && readFields(item, ['type'])['type'] === 'reasoning';
}
