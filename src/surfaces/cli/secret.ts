import { isCancel, password } from '@clack/prompts';
import { text } from 'node:stream/consumers';
import { Problem } from '../../core/problem.ts';
import type { Cli } from './cli.ts';

type Asked = { readonly message: string; readonly fromVariable: string | undefined };

/** A secret from the variable that was named, from stdin when that is no terminal, else asked for without echo. */
export async function readSecret(cli: Cli, { message, fromVariable }: Asked): Promise<string> {
  if (fromVariable !== undefined) return secretOfVariable(cli, fromVariable);
  if (process.stdin.isTTY !== true) return (await text(process.stdin)).trim();
  return ask(message);
}

/** The passphrase of the vault: from STINT_VAULT_PASSPHRASE, else from the terminal; empty where there is neither. */
export async function askPassphrase(cli: Cli): Promise<string> {
  const known = cli.host.userEnvironment['STINT_VAULT_PASSPHRASE'];
  if (known !== undefined && known !== '') return known;
  return cli.terminal.interactive ? ask('Passphrase of the vault') : '';
}

function secretOfVariable({ host }: Cli, name: string): string {
  const value = host.userEnvironment[name];
  if (value !== undefined && value !== '') return value;
  throw new Problem('invalid', `The variable ${name.slice(0, 60)} is not set.`, { hint: `Set it with: export ${/^\w+$/.test(name) ? name : 'NAME'}=...` });
}

async function ask(message: string): Promise<string> {
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new Problem('invalid', 'Nothing was entered.', { hint: 'Nothing was changed.' });
  return answer;
}
