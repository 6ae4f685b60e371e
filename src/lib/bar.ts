/** A bar for a share from 0 to 1; what is used at all shows, and what is left at all too. */
export function drawBar(share: number, cells: number): string {
  const full = share <= 0 ? 0 : share >= 1 ? cells : Math.min(cells - 1, Math.max(1, Math.round(share * cells)));
  return '█'.repeat(full) + '░'.repeat(cells - full);
}
