import type { Look } from './render.ts';
import { renderTable } from './table.ts';

type Setting = {
  readonly field: string;
  readonly value: unknown;
  readonly isDefault: boolean;
  readonly isSecret?: boolean;
};

export function renderSettings(
  { file, settings, pendingRestart }: { file: string; settings: readonly Setting[]; pendingRestart: readonly string[] },
  { terminal }: Look,
): string {
  const rows = settings.map(({ field, value, isDefault, isSecret }) => [
    field,
    valueText(value, isSecret),
    `${isDefault ? '' : 'changed'}${pendingRestart.includes(field) ? ', acts after a restart' : ''}`,
  ]);
  if (rows.length === 0) return 'No setting of that name, or none that was changed. See: stint config list';
  return `${terminal.style('dim', `# ${file}`)}\n${renderTable(['SETTING', 'VALUE', ''], rows, terminal.columns)}`;
}

/** As it stands in the file; a secret is only said to be there. */
export function valueText(value: unknown, isSecret = false): string {
  if (isSecret) return value === true ? 'set (hidden)' : 'not set';
  return JSON.stringify(value);
}
