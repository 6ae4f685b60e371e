import type { Label } from '../core/ids.ts';
import type { OperationContext } from './context.ts';
import type { Finding } from './shape.ts';

const prefix = 'reset.pools.';

type Known = Pick<OperationContext, 'settings'> & {
  /** Absent where no daemon runs. */
  readonly pools?: OperationContext['pools'];
};

/** What is different in config.toml for pools that there are not, which is what a renamed pool leaves behind. */
export function findLostSections({ settings, pools }: Known): Finding[] {
  if (pools === undefined) return [];
  const lost = sectionsOf(settings).filter((name) => pools.all().every(({ pool }) => pool.name !== name));
  return lost.map((name) => ({
    check: `[${prefix}${name}]`,
    ok: false,
    detail: `is for a pool that there is not, so it does nothing`,
    hint: 'Give the section the name of a pool, or take it out: stint config edit',
  }));
}

/** What to do about the settings of a pool's own that a new name has left behind; null where there are none. */
export function lostSectionWarning({ settings }: Known, { from, to }: { from: Label; to: Label }): string | null {
  if (from === to || !sectionsOf(settings).includes(from)) return null;
  return `[${prefix}${from}] in config.toml is for no pool any more; make it [${prefix}${to}] with: stint config edit`;
}

function sectionsOf(settings: OperationContext['settings']): string[] {
  const fields = settings.list().filter(({ field }) => field.startsWith(prefix));
  return [...new Set(fields.map(({ field }) => field.slice(prefix.length).split('.')[0] ?? ''))];
}
