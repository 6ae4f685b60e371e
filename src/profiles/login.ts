import { spawn } from 'node:child_process';
import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Agent } from '../agents/agent.ts';
import { Problem } from '../core/problem.ts';
import { homeAt } from '../home/open-home.ts';
import { shareSettings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

export type ProfileLogin = {
  readonly agent: Agent;
  readonly label: string;
  readonly home: string;
  /** The directory, where the account has one already. */
  readonly profile: string | null;
  /** For the CLI's own login, behind what Stint gives it. */
  readonly args: readonly string[];
  readonly surroundings: Surroundings;
  readonly find: (command: string, install: string) => string;
  readonly tell: (line: string) => void;
};

const ending = ['SIGTERM', 'SIGHUP'] as const;

/**
 * Runs the CLI's own login in the account's directory, with the terminal. Resolves with the directory; throws a Problem,
 * and removes a directory that it made, when it holds no login then.
 */
export async function logIn(login: ProfileLogin): Promise<string> {
  const { agent, surroundings, args, tell } = login;
  const { environment } = surroundings;
  const mode = agent.profile;
  const executable = login.find(agent.command, agent.install);
  const folder = login.profile ?? join(homeAt(login.home).profiles, agent.provider, login.label);
  const made = !(await exists(folder));
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    await shareSettings(mode, { profile: folder, environment });
    if (mode.loginHint !== null) tell(mode.loginHint);
    const env: NodeJS.ProcessEnv = { ...environment, ...mode.environment(folder) };
    for (const name of [...mode.withheld, 'STINT_VAULT_PASSPHRASE']) delete env[name];
    const before = await mode.hasLogin(folder);
    const code = await runInTerminal([executable, ...mode.login, ...args], env, surroundings);
    if (!(await mode.hasLogin(folder)))
      throw new Problem('unauthorized', `${agent.id} ended without a login (exit code ${code}).`, {
        hint: `Try again: stint account login ${agent.id} ${login.label}`,
      });
    // What is there may be the login of before, which nobody has renewed.
    if (before && code !== 0)
      throw new Problem('unauthorized', `${agent.id} did not log in again (exit code ${code}).`, {
        hint: `Its old login is still there. Try again: stint account login ${agent.id} ${login.label}`,
      });
    return folder;
  } catch (error) {
    if (made) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function runInTerminal(
  [executable = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  { signals }: Surroundings,
): Promise<number> {
  const child = spawn(executable, args, { stdio: 'inherit', env });
  // Ctrl-C reaches the CLI from the terminal itself; what it leaves is looked at here.
  const ignore = (): void => undefined;
  signals.on('SIGINT', ignore);
  // Whoever ends this process ends the login: what it has made is cleared away then.
  const end = (): void => void child.kill('SIGTERM');
  for (const signal of ending) signals.on(signal, end);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(
        new Problem('unavailable', `${executable} could not be started: ${error.message}.`, {
          hint: 'Try it without Stint first.',
        }),
      ),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => {
    signals.off('SIGINT', ignore);
    for (const signal of ending) signals.off(signal, end);
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
