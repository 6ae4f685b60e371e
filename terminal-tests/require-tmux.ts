import { runCommand } from '../test/run-command.ts';

/** Sees to it that tmux is installed: machines of CI are fresh. */
export async function requireTmux(): Promise<void> {
  if (Bun.which('tmux') !== null) return;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const args of [['update'], ['install', '-y', 'tmux']])
    await runCommand([...asRoot, 'apt-get', ...args], { cwd: '/' });
  if (Bun.which('tmux') === null) throw new Error('these tests need tmux: apt-get install tmux');
}
