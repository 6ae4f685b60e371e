import { spawnSync } from 'node:child_process';

/** What a full-screen program may have left switched on: other screen, hidden cursor, mouse, pasting, keyboard protocol. */
const switchOff = '\u001b[?1049l\u001b[?25h\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[<u\u001b[0m';

export type KeptTerminal = AsyncDisposable & { restore(): Promise<void> };

/** Remembers how the terminal is set, to put it back after a program that was ended from outside. */
export function keepTerminal(): KeptTerminal {
  const saved = stty('-g');
  let touched = false;
  const restore = (): void => {
    touched = true;
    if (saved !== null) stty(saved);
    process.stdout.write(switchOff);
  };
  return {
    restore: () => Promise.resolve(restore()),
    [Symbol.asyncDispose]: () => Promise.resolve(touched && saved !== null ? void stty(saved) : undefined),
  };
}

function stty(argument: string): string | null {
  const { status, stdout } = spawnSync('stty', [argument], { stdio: ['inherit', 'pipe', 'ignore'] });
  return status === 0 ? stdout.toString().trim() : null;
}
