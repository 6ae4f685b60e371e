import { spawnSync } from 'node:child_process';
import type { Surroundings } from './surroundings.ts';

/** What a full-screen program may have left switched on: other screen, hidden cursor, mouse, pasting, keyboard protocol. */
const switchOff =
  '\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[<u\u001b[0m';

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
