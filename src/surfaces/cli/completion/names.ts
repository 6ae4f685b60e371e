import { socketClient } from '../../../operations/client.ts';
import type { Cli } from '../cli.ts';
import { plain, type Candidate, type Found, type Names, type Place } from './complete.ts';

/** Whoever presses Tab does not wait for a daemon that is busy. */
const patienceMs = 500;
const shells = ['bash', 'zsh', 'fish'] as const;

/** Names that only the daemon knows, where one runs: it is never started for them. */
export function namesOf(cli: Cli, home: string): Names {
  const ask = async (operation: string, place: Place): Promise<Record<string, unknown>> => {
    const daemon = await cli.host.findDaemon(place.home ?? home);
    if (daemon?.kind !== 'serving') return {};
    const client = socketClient(daemon.controlSocket);
    return (await client.call(operation, {}, AbortSignal.timeout(patienceMs))) as Record<string, unknown>;
  };
  const sources: Readonly<Record<string, (place: Place) => Promise<Found> | Found>> = {
    account: async (place) => {
      const accounts = ((await ask('account.list', place))['accounts'] ?? []) as Account[];
      const [pool] = place.taken;
      if (!ofMembers.has(place.command) || pool === undefined) return accountNames(accounts, place);
      const pools = ((await ask('pool.list', place))['pools'] ?? []) as Pool[];
      const members = pools.find(({ name }) => name === pool)?.accounts ?? [];
      return accountNames(
        accounts.filter(({ id }) => members.includes(id)),
        place,
      );
    },
    pool: async (place) =>
      (((await ask('pool.list', place))['pools'] ?? []) as Pool[]).map(({ name, provider }) => ({
        value: name,
        description: `accounts of ${provider}`,
      })),
    session: async (place) =>
      (((await ask('session.list', place))['sessions'] ?? []) as Session[]).map(({ id, account }) => ({
        value: id,
        description: `on ${account}`,
      })),
    job: async (place) =>
      (((await ask('job.list', place))['jobs'] ?? []) as Job[]).map(({ id, state, title }) => ({
        value: id,
        description: `${state}: ${title}`,
      })),
    provider: () => cli.host.providers.map(plain),
    agent: () => cli.host.agents.map(plain),
    shell: () => shells.map(plain),
    field: async () =>
      (await cli.host.settingNames())
        .filter(({ field }) => !field.includes('<'))
        .map(({ field, description }) => ({ value: field, description })),
    value: async ({ command, taken }) =>
      command === 'config set' ? valuesOf(await cli.host.settingNames(), taken[0] ?? '') : [],
    channel: async (place) => (((await ask('notice.list', place))['channels'] ?? []) as string[]).map(plain),
    files: () => 'files',
    folders: () => 'folders',
  };
  return {
    foreign: cli.host.agents,
    of: (wanted, place) => sources[sourceOf(wanted, place)]?.(place) ?? [],
  };
}

type Account = { readonly id: string; readonly label: string; readonly state: string };
type Job = { readonly id: string; readonly state: string; readonly title: string };
type Pool = { readonly name: string; readonly provider: string; readonly accounts: readonly string[] };

/** Commands whose account is one of the pool before it. */
const ofMembers: ReadonlySet<string> = new Set(['pool use', 'pool drop']);
type Session = { readonly id: string; readonly account: string };

/** What an argument or option is called, to what it means. */
function sourceOf(wanted: string, { command }: Place): string {
  if (wanted === 'accounts') return 'account';
  if (wanted === 'dependsOn') return 'job';
  if (wanted === 'fallbackAgents') return 'agent';
  if (wanted === 'file') return 'files';
  if (wanted === 'home' || wanted === 'profile' || wanted === 'directory') return 'folders';
  if (wanted === 'from' || wanted === 'to') return command === 'pool move' ? 'pool' : 'files';
  return wanted;
}

/** Those of a setting that takes one of a few. */
function valuesOf(settings: readonly { readonly field: string; readonly type: string }[], name: string): Candidate[] {
  const type = settings.find(({ field }) => field === name)?.type ?? '';
  return /^(true, false|"[^"]*"(, "[^"]*")*)$/.test(type) ? type.replaceAll('"', '').split(', ').map(plain) : [];
}

/** A label alone will do as well, where no account begins so. */
function accountNames(accounts: readonly Account[], { typed }: Place): Candidate[] {
  const ids = accounts.map(({ id, state }) => ({ value: id, description: state }));
  if (ids.some((each) => each.value.startsWith(typed))) return ids;
  return accounts.map(({ label, id }) => ({ value: label, description: id }));
}
