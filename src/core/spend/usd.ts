/** `$2.50`; with more places where that would say nothing. */
export function formatUsd(dollars: number): string {
  return `$${dollars.toFixed(dollars > 0 && dollars < 0.1 ? 4 : 2)}`;
}
