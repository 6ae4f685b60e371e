import type { TerminalMode } from '../job-mode.ts';

/** Gemini CLI 0.61.0 as a person runs it. It tells nobody where a turn ends. */
export const geminiTerminal: TerminalMode = {
  silent: true,
  // What stands in its empty prompt, which is not there while a dialog is.
  takesText: /^\W*Type your message/,
  args: ({ kind, session, model, args, says, reads = [] }) => [
    '--skip-trust',
    kind === 'first' ? '--session-id' : '--resume',
    session,
    ...(model === null ? [] : ['-m', model]),
    ...reads.flatMap((folder) => ['--include-directories', folder]),
    ...args,
    '--prompt-interactive',
    says,
  ],
  listen: () => () => [],
  limits: [],
};
