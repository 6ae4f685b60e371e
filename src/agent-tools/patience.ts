/** Aborts when the signal does, or after a time. Ends with the scope. */
export function patience(signal: AbortSignal, ms: number): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  return { signal: AbortSignal.any([signal, late.signal]), [Symbol.dispose]: () => clearTimeout(timer) };
}
