import { access } from 'node:fs/promises';
import type { ResetSettings } from '../auth-reset/ports.ts';
import { planReset } from '../auth-reset/reset-command.ts';
import type { Label } from '../core/ids.ts';
import type { Pool } from '../core/pool/pool.ts';
import { Problem } from '../core/problem.ts';
import { describeFileError } from '../lib/atomic-file.ts';
import type { Finding } from '../operations/shape.ts';

/** Finds resets that could not work on the day when they are needed. Runs nothing. */
export async function checkResets(settings: () => ResetSettings, pools: readonly Pool[]): Promise<readonly Finding[]> {
  const wanting = pools.filter(({ authResetTarget }) => authResetTarget !== '');
  const found = await Promise.all(wanting.map((pool) => checkReset(settings, pool)));
  return found.flat();
}

async function checkReset(settings: () => ResetSettings, { name, authResetTarget }: Pool): Promise<Finding[]> {
  const check = `auth reset of pool ${name}`;
  const wrong = (detail: string, hint: string): Finding[] => [{ check, ok: false, detail, hint }];
  try {
    const { place, target } = planReset(settings(), name, authResetTarget);
    if (place.runtime !== 'local' && target.container === '')
      return wrong(`its runtime is ${place.runtime}, and reset.container is empty`, containerHint(name));
    if (place.socket === '') return [];
    return await access(place.socket).then(
      () => [],
      (error: unknown) =>
        wrong(
          `reset.socket ${place.socket} cannot be reached: ${describeFileError(error)}`,
          'Start the container engine, or mend reset.socket',
        ),
    );
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return wrong(error.message, error.hint ?? 'See: stint config list reset');
  }
}

function containerHint(name: Label): string {
  return `Name it: stint config set reset.pools.${name}.container <container>`;
}
