import { spawnSync } from 'node:child_process';
import { switchOff } from '../lib/switch-off.ts';
import type { Surroundings } from './surroundings.ts';

/** Remembers how the terminal is set; `restore` puts it back after a program that was ended from outside. */
export function keepTerminal({ stdout }: Pick<Surroundings, 'stdout'>): Disposable & { restore(): void } {
  const saved = stty('-g');
  let left = false;
  return {
    restore() {
      left = true;
      if (saved !== null) stty(saved);
      stdout.write(switchOff);
    },
    [Symbol.dispose]() {
      if (left && saved !== null) stty(saved);
    },
  };
}

function stty(argument: string): string | null {
  const { status, stdout } = spawnSync('stty', [argument], { stdio: ['inherit', 'pipe', 'ignore'] });
  return status === 0 ? stdout.toString().trim() : null;
}
