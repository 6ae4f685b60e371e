import type { EpochMs } from '../core/time.ts';
import { cell, type Line } from './line.ts';
import { renderAccounts } from './render-account.ts';
import type { StatusView } from '../operations/shape.ts';

/** What the panel shows at one moment. */
export type Scene = {
  readonly status: StatusView | undefined;
  /** Label of the account that served last. */
  readonly current: string | null;
  /** The window whose bars are shown. */
  readonly window: string;
  readonly turn: number;
  readonly turnsPlanned: number;
  /** What the agent has got of the answer so far. */
  readonly answer: string;
  readonly held: boolean;
};

/** The part of the screen that is drawn again and again: accounts, progress and the answer that is coming in. */
export function renderPanel(scene: Scene, now: EpochMs): Line[] {
  const { status, current, window, turn, turnsPlanned, answer, held } = scene;
  const accounts = status === undefined ? [] : renderAccounts(status.accounts, { current, window }, now);
  const said = held
    ? cell('held: the agent waits inside its open request', 'yellow')
    : cell(answer.replaceAll(/\s+/g, ' '), 'dim');
  const progress = '■'.repeat(turn) + '·'.repeat(Math.max(0, turnsPlanned - turn));
  return [[], ...accounts, [], [cell(`    ${progress}  `, 'cyan'), said]];
}
