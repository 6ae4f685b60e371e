/**
 * The value of a JSON text, or undefined for a text that is none. What the parser complains about may quote the text,
 * secrets included, so that its error is not passed on.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
