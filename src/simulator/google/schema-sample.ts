/** Values that a sample must have where a plain one would change what the asking agent does. */
const known: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  // Gemini CLI's router sends a score below its threshold to the flash model.
  ['complexity_score', 90],
  ['next_speaker', 'user'],
]);

interface Schema {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
}

/** Builds a value that fits a JSON schema, in the vendor's spelling of types (`OBJECT`) or the standard's. */
export function sampleOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return null;
  const { type, properties, items, enum: choices, minimum } = schema as Schema;
  if (choices?.[0] !== undefined) return choices[0];
  const kind = String(Array.isArray(type) ? type[0] : type).toLowerCase();
  if (kind === 'object' || properties !== undefined) {
    const entries = Object.entries(properties ?? {});
    return Object.fromEntries(entries.map(([name, property]) => [name, known.get(name) ?? sampleOf(property)]));
  }
  if (kind === 'array') return items === undefined ? [] : [sampleOf(items)];
  if (kind === 'number' || kind === 'integer') return minimum ?? 1;
  return kind === 'boolean' ? false : 'Simulated';
}
