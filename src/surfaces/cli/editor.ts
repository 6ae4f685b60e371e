import { spawn } from 'node:child_process';
import { Problem } from '../../core/problem.ts';
import type { Cli } from './cli.ts';
import type { SettingsFile } from './host.ts';

const usual = ['nano', 'vi'];

/** Lets the user’s editor change a draft of the settings; returns its text. */
export async function runEditor(cli: Cli, file: SettingsFile, text: string): Promise<string> {
  const editor = editorOf(cli);
  const draft = await file.openDraft(text);
  try {
    const code = await edit(cli, editor, draft.path);
    if (code !== 0) {
      throw new Problem('invalid', `The editor ended with ${code}.`, { hint: 'Nothing was changed.' });
    }
    return await draft.read();
  } finally {
    await draft.remove();
  }
}

function editorOf({ host }: Cli): string {
  const { VISUAL, EDITOR, PATH = '' } = host.userEnvironment;
  const editor = VISUAL || EDITOR || usual.find((each) => Bun.which(each, { PATH }) !== null);
  if (editor !== undefined) return editor;
  throw new Problem('invalid', 'There is no editor: neither VISUAL nor EDITOR is set.', {
    hint: 'For example: EDITOR=nano stint config edit',
  });
}

/** Through a shell, as git does it: the variable may hold arguments. */
function edit({ host }: Cli, editor: string, path: string): Promise<number> {
  const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, path], {
    stdio: 'inherit',
    env: host.userEnvironment,
  });
  // Ctrl-C in the terminal is the editor's.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => process.off('SIGINT', ignore));
}
