import { formatWhen } from '../../core/time.ts';
import { localTimeZone } from '../../lib/local-time-zone.ts';
import type { AccountView, Finding, PoolView, SessionView, StatusView } from '../../operations/shape.ts';
import { renderAdded, renderChanged, renderJob, renderJobs } from './job/render-job.ts';
import { renderJobLogLine, type JobLogLine } from './job/render-log.ts';
import { renderActivity } from './render-activity.ts';
import { renderSettings, valueText } from './render-config.ts';
import { renderLimits, renderNotices, renderRecord, renderRecords } from './render-event.ts';
import { renderFindings } from './render-finding.ts';
import { renderExplanation, renderLink, renderResolved, renderTurn } from './render-answer.ts';
import { oneLine, renderAccountDetails, renderPoolDetails, renderStatus } from './render-status.ts';
import { renderTable } from './table.ts';
import { unstyledTexts, type Terminal } from './terminal.ts';

/** What a renderer may look at besides the output. */
export type Look = { readonly terminal: Terminal; readonly now: number; readonly timeZone: string };

type PhantomView = {
  readonly id: string;
  readonly provider: string;
  readonly pool: string;
  readonly origin: 'wrapper' | 'env';
  readonly createdAt: number;
  readonly expiresAt: number;
};

type Renderer = (output: never, look: Look) => string;

const renderers: Readonly<Record<string, Renderer>> = {
  'daemon.status': (output: StatusView, look) => renderStatus(output, look),
  'account.add': ({
    id,
    credential,
    state,
    replaced,
    agents,
  }: AccountView & { replaced: boolean; agents: string[] }) => {
    if (!replaced) return `Added ${id} (${credential}). Next: stint ${agents[0] ?? 'status'}`;
    const next = state === 'disabled' ? `stint account enable ${id}` : 'stint status';
    return `${id} has a new secret (${credential}). Next: ${next}`;
  },
  'account.adopt': ({ id, cli, from, state }: AccountView & { cli: string; from: string }) => {
    const next = state === 'disabled' ? `stint account enable ${id}` : 'stint status';
    return `The login of ${cli} is now ${id}; it is no longer in ${from}. Next: ${next}`;
  },
  'account.list': ({ accounts }: { accounts: AccountView[] }, look) =>
    accounts.length === 0
      ? 'No accounts yet. Add one with: stint account add anthropic work'
      : renderTable(
          ['ACCOUNT', 'CREDENTIAL', 'STATE', 'UNTIL'],
          accounts.map((each) => [
            each.id,
            each.credential,
            each.reason === null ? each.state : `${each.state} (${oneLine(each.reason)})`,
            when(each.until, look),
          ]),
          look.terminal.columns,
        ),
  'account.adoptable': ({ question }: { question: string }) => question.replace(/ Go on\?$/, ''),
  'account.check': ({ id }: { id: string }) => `${id} can be added.`,
  'account.rename': ({ id, renamed }: AccountView & { renamed: string }) => `${renamed} is now ${id}.`,
  'account.activity': renderActivity,
  'account.show': (output: AccountView, look) => renderAccountDetails(output, look),
  'account.set': (output: AccountView, look) => renderAccountDetails(output, look),
  'account.remove': ({ removed }: { removed: string }) => `Removed ${removed} and its secret.`,
  'account.disable': (output: AccountView) => `${output.id} takes no requests until: stint account enable ${output.id}`,
  'account.enable': (output: AccountView) => `${output.id} is in service.`,
  'account.clear': ({ account, cleared }: { account: AccountView; cleared: number }) =>
    cleared === 0
      ? `${account.id} had no closed window; it is ${account.state}.`
      : `${account.id}: ${cleared} closed ${cleared === 1 ? 'window' : 'windows'} cleared; it is ${account.state}.`,
  'pool.create': renderPoolDetails,
  'pool.set': renderPoolDetails,
  'pool.show': renderPoolDetails,
  'pool.use': renderPoolDetails,
  'pool.add': renderPoolDetails,
  'pool.drop': renderPoolDetails,
  'pool.set-auth-reset': renderPoolDetails,
  'pool.rename': (output: PoolView & { renamed: string }) => `Pool ${output.renamed} is now ${output.name}.`,
  'pool.move': ({ account, from, to }: { account: string; from: PoolView; to: PoolView }) =>
    `Moved ${account} from pool ${from.name} to pool ${to.name}.`,
  'pool.next': renderTurn,
  'pool.rotate': ({ pool, from, to, sessions }: { pool: string; from: string; to: string; sessions: number }) =>
    `Pool ${pool} goes on with ${to} in place of ${from}; ${count(sessions, 'session')} moved.`,
  'pool.explain': renderExplanation,
  'pool.reset-auth': ({ pool, target, detail }: { pool: string; target: string; detail: string }) =>
    `The login of ${target} was reset for pool ${pool}: ${oneLine(detail)}`,
  'limit.list': ({ limits }: { limits: never[] }, look) =>
    limits.length === 0 ? 'Nothing is closed.' : renderLimits(limits, look),
  'limit.set': ({ limits }: { limits: never[] }, look) => renderLimits(limits, look),
  'limit.clear': ({ cleared }: { cleared: never[] }, look) =>
    cleared.length === 0
      ? 'Nothing was closed.'
      : `Cleared ${count(cleared.length, 'limit')}:\n${renderLimits(cleared, look)}`,
  'audit.list': renderRecords,
  'event.watch': renderRecord,
  'job.add': renderAdded,
  'job.list': renderJobs,
  'job.show': renderJob,
  'job.logs': (line: JobLogLine, { terminal }) => renderJobLogLine(line, terminal),
  'job.cancel': renderChanged,
  'job.park': renderChanged,
  'job.resume': renderChanged,
  'job.retry': renderChanged,
  'job.answer': renderChanged,
  'model.resolve': renderResolved,
  'notice.list': renderNotices,
  'notice.test': ({ told }: { told: { channel: string; error: string | null }[] }) =>
    told
      .map(({ channel, error }) =>
        error === null ? `${channel} has taken it.` : `${channel} failed: ${oneLine(error)}`,
      )
      .join('\n'),
  'config.list': renderSettings,
  'config.get': ({ value, isSecret }: { value: unknown; isSecret: boolean }) => valueText(value, isSecret),
  'config.set': ({
    field,
    value,
    isSecret,
    needsRestart,
  }: {
    field: string;
    value: unknown;
    isSecret: boolean;
    needsRestart: boolean;
  }) => `${field} is ${valueText(value, isSecret)}${needsRestart ? ', in force after a restart: stint down' : ''}.`,
  'config.check': ({ findings }: { findings: Finding[] }, { terminal }) => renderFindings(findings, terminal),
  'daemon.check': ({ findings }: { findings: Finding[] }, { terminal }) => renderFindings(findings, terminal),
  'token.rotate': ({ scope, file }: { scope: string; file: string }) =>
    `${file} holds a new token ${scope === 'read' ? 'that only reads' : 'for everything'}; the old one is refused from here on.`,
  'dashboard.link': renderLink,
  'pool.list': ({ pools }: { pools: PoolView[] }, look) =>
    pools.length === 0
      ? 'No pools yet. The first account makes one: stint account add anthropic work'
      : renderTable(
          ['POOL', 'STRATEGY', 'OVERAGE', 'PINNED', 'ACCOUNTS'],
          pools.map((each) => [each.name, each.strategy, each.overage, each.pinned ?? '-', each.accounts.join(' ')]),
          look.terminal.columns,
        ),
  'pool.remove': ({ removed }: { removed: string }) => `Removed pool ${removed}; its accounts stay.`,
  'phantom.list': ({ phantoms }: { phantoms: PhantomView[] }, look) =>
    phantoms.length === 0
      ? 'No agent holds a token.'
      : renderTable(
          ['TOKEN', 'PROVIDER', 'POOL', 'OF', 'SINCE', 'UNTIL'],
          phantoms.map(({ id, provider, pool, origin, createdAt, expiresAt }) => [
            ...[id, provider, pool, origin === 'env' ? 'stint env' : 'a running agent'],
            ...[when(createdAt, look), when(expiresAt, look)],
          ]),
          look.terminal.columns,
        ),
  'phantom.revoke': ({ revoked }: { revoked: string }) =>
    `Revoked ${revoked}: agents that hold it are refused from here on.`,
  'session.list': ({ sessions }: { sessions: SessionView[] }, look) =>
    sessions.length === 0
      ? 'No sessions yet.'
      : renderTable(
          ['SESSION', 'POOL', 'ACCOUNT', 'MOVES', 'SINCE'],
          sessions.map((each) => [each.id, each.pool, each.account, String(each.moves), when(each.startedAt, look)]),
          look.terminal.columns,
        ),
};

/** Operations whose output people get as more than JSON. */
export const drawnOperations: readonly string[] = Object.keys(renderers);

/** The output of an operation for people; as JSON when nobody has drawn it. */
export function render(operation: string, output: unknown, terminal: Terminal): string {
  const renderer = renderers[operation];
  if (renderer === undefined) return JSON.stringify(output, null, 2);
  return renderer(unstyledTexts(output) as never, { terminal, now: Date.now(), timeZone: localTimeZone() });
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function when(at: number | null, { now, timeZone }: Look): string {
  return at === null ? '-' : formatWhen(at, now, timeZone);
}
