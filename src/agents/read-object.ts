import { parseJson } from '../lib/parse-json.ts';
import { readRegularFile } from '../lib/regular-file.ts';

/** CLIs keep what they remember of every project in one file. */
const mostBytes = 64 * 1024 * 1024;

/** The object in a JSON file; empty where there is no such file, or something else in it. Never rejects. */
export async function readObject(file: string): Promise<object> {
  const text = await readRegularFile(file, mostBytes).catch(() => '');
  const value = parseJson(text.replace(/^\uFEFF/, ''));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
