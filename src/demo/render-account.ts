import { formatDuration, type EpochMs } from '../core/time.ts';
import { drawBar } from '../lib/bar.ts';
import type { AccountView } from '../operations/shape.ts';
import { cell, type Cell, type Line, type Style } from './line.ts';

const barCells = 12;

/** The label of the account that serves, and the window whose bars are shown. */
type Shown = { readonly current: string | null; readonly window: string };

/** One line per account: the bar of its window, and until when it is closed. The one that serves is marked. */
export function renderAccounts(accounts: readonly AccountView[], { current, window }: Shown, now: EpochMs): Line[] {
  const width = Math.max(0, ...accounts.map(({ label }) => label.length));
  const bars = accounts.map((account) => barOf(account, window));
  const nameWidth = Math.max(0, ...bars.map(({ name }) => name.length));
  return accounts.map((account, index) => {
    const bar = bars[index] ?? { name: window, share: null };
    const serves = account.label === current && account.state !== 'closed';
    return [
      cell(serves ? '  ▸ ' : '    ', 'green'),
      cell(account.label.padEnd(width), 'bold'),
      cell('  '),
      ...renderBar({ ...bar, name: bar.name.padEnd(nameWidth) }),
      cell('  '),
      renderState(account, now),
    ];
  });
}

/** How full a window is; null where nobody knows. */
type Bar = { readonly name: string; readonly share: number | null };

function barOf(account: AccountView, shown: string): Bar {
  const reading = account.windows.find(({ window }) => window === shown);
  // Where a provider never says how full a window is, another one may be closed than that which is shown.
  const closed = account.limits.find(({ window, overage }) => !overage && (reading === undefined || window === shown));
  if (closed !== undefined) return { name: closed.window, share: 1 };
  return { name: shown, share: reading?.utilization ?? null };
}

function renderBar({ name, share }: Bar): Cell[] {
  if (share === null) return [cell(`${name}  ${drawBar(0, barCells)}    - `, 'dim')];
  const percent = `${Math.floor(share * 100)}%`.padStart(5);
  return [cell(`${name}  `), cell(drawBar(share, barCells), fillStyle(share)), cell(`${percent} `)];
}

function fillStyle(share: number): Style {
  if (share >= 1) return 'red';
  return share >= 0.8 ? 'yellow' : 'green';
}

function renderState(account: AccountView, now: EpochMs): Cell {
  const opens = account.until === null ? '' : `, opens in ${formatDuration(account.until - now)}`;
  if (account.state === 'open') return cell('open', 'green');
  if (account.state === 'partly-closed') return cell(`closed for ${families(account)}${opens}`, 'yellow');
  return cell(`${account.state}${opens}`, 'red');
}

function families({ limits }: AccountView): string {
  return [...new Set(limits.flatMap(({ family }) => (family === null ? [] : [family])))].join(', ');
}
