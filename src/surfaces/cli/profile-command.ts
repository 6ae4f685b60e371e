import { Problem } from '../../core/problem.ts';
import { formatWhen } from '../../core/time.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import type { Client } from '../../operations/client.ts';
import type { Cli } from './cli.ts';
import type { ProfileTurn, ProfileTurns } from './host.ts';
import type { GlobalOptions } from './options.ts';

type Begun = {
  readonly mode: 'gateway' | 'profile';
  readonly pool: string;
  readonly account: string | null;
  readonly profile: string | null;
  readonly moved: boolean;
  readonly until: number | null;
  readonly why: string | null;
};

type Run = { readonly agent: string; readonly args: readonly string[]; readonly options: GlobalOptions };

/** Runs an agent on the profiles of its pool; `gateway` when that has other accounts. */
export function runOnProfiles(cli: Cli, client: Client, { agent, args, options }: Run): Promise<number | 'gateway'> {
  return cli.host.runOnProfiles({
    agent,
    args,
    turns: turnsOf(client, agent, poolOf(cli, options)),
    find: (command, install) => findExecutable(cli, command, install),
    tell: (line) => cli.terminal.error(`stint: ${line}`),
  });
}

function turnsOf(client: Client, agent: string, pool: { readonly pool?: string }): ProfileTurns {
  let chosen: string | undefined;
  return {
    async begin({ session, resumes, model, converses, from }) {
      const begun = (await client.call('session.begin', {
        agent,
        ...pool,
        ...given({ session, model, from }),
        resumes,
        any: !converses,
      })) as Begun;
      chosen = begun.pool;
      return turnOf(begun);
    },
    async report({ account, session, model, sentAt, signal, served }) {
      const known = given({ pool: chosen ?? null, session, model });
      await client.call('session.report', {
        account,
        ...known,
        sentAt,
        served,
        ...(signal === null ? {} : { signal }),
      });
    },
  };
}

function turnOf({ mode, account, profile, moved, until, why }: Begun): ProfileTurn {
  if (mode === 'gateway') return { kind: 'gateway' };
  if (account === null || profile === null) {
    const opens = until === null ? '' : ` The first opens ${formatWhen(until, Date.now(), localTimeZone())}.`;
    return { kind: 'nobody', says: `${why ?? 'No account is open.'}${opens}` };
  }
  return { kind: 'use', account, profile, moved };
}

/** Absent and empty are different. */
function given(fields: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

export function poolOf(cli: Cli, { pool }: GlobalOptions): { readonly pool?: string } {
  const chosen = pool ?? cli.host.userEnvironment['STINT_POOL'];
  return chosen ? { pool: chosen } : {};
}

export function findExecutable({ host }: Cli, command: string, install: string): string {
  const found = Bun.which(command, { PATH: host.userEnvironment['PATH'] ?? '' });
  if (found !== null) return found;
  throw new Problem('not_found', `${command} is not on the PATH.`, { hint: `Install it with: ${install}` });
}
