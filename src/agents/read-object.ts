import { readFile } from 'node:fs/promises';
import { parseJson } from '../lib/parse-json.ts';

/** The object in a JSON file; empty where there is no such file, or something else in it. Never rejects. */
export async function readObject(file: string): Promise<object> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const value = parseJson(text.replace(/^\uFEFF/, ''));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
