import { isCancel, password } from '@clack/prompts';
import { Problem } from '../../core/problem.ts';
import type { Cli } from './cli.ts';

/** Far more than any secret: whoever pipes a whole disk is told so instead of waiting. */
const mostBytes = 64 * 1024;

type Asked = {
  readonly message: string;
  readonly fromVariable: string | undefined;
  /** What was typed, for the sentence about what to type instead. */
  readonly command: string;
};

/** A secret from the variable that was named, from stdin when that is no terminal, else asked for without echo. */
export async function readSecret(cli: Cli, { message, fromVariable, command }: Asked): Promise<string> {
  if (fromVariable !== undefined) return secretOfVariable(cli, fromVariable);
  if (process.stdin.isTTY !== true) return readPipe(command);
  return ask(message);
}

async function readPipe(command: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes)
      throw new Problem('too_large', 'What came on stdin is too long for a secret.', {
        hint: 'Give the secret alone.',
      });
    chunks.push(chunk);
  }
  const secret = Buffer.concat(chunks).toString('utf8').trim();
  if (secret !== '') return secret;
  throw new Problem('invalid', 'The secret is empty: nothing came on stdin.', {
    hint: `Use: ${command} --secret-env <variable>, or < file`,
  });
}

/** The passphrase of the vault: from STINT_VAULT_PASSPHRASE, else from the terminal until `signal`; empty where there is neither. */
export async function askPassphrase(cli: Cli, signal: AbortSignal): Promise<string> {
  const known = cli.host.userEnvironment['STINT_VAULT_PASSPHRASE'];
  if (known !== undefined && known !== '') return known;
  return cli.terminal.interactive ? ask('Passphrase of the vault', signal) : '';
}

function secretOfVariable({ host }: Cli, name: string): string {
  const value = host.userEnvironment[name];
  if (value !== undefined && value.trim() !== '') return value;
  // Whoever gives the secret itself must not find it in the terminal's history of errors as well.
  if (!/^[A-Za-z_]\w{0,99}$/.test(name))
    throw new Problem('invalid', '--secret-env takes the name of a variable.', {
      hint: 'For example: --secret-env ANTHROPIC_API_KEY',
    });
  throw new Problem('invalid', `The variable ${name} is ${value === undefined ? 'not set' : 'empty'}.`, {
    hint: `Set it with: export ${name}=...`,
  });
}

async function ask(message: string, signal?: AbortSignal): Promise<string> {
  const answer = await password({
    message,
    output: process.stderr,
    withGuide: false,
    ...(signal === undefined ? {} : { signal }),
  });
  if (isCancel(answer)) throw new Problem('invalid', 'Nothing was entered.', { hint: 'Nothing was changed.' });
  return answer;
}
