import { oneLine } from '../../core/one-line.ts';
import type { NoticeKind } from '../../core/notice.ts';
import { formatMoment } from '../../core/time.ts';
import type {
  AccountView,
  Finding,
  LimitView,
  PoolView,
  RecordView,
  RequestView,
  SessionView,
} from '../../operations/shape.ts';
import { bold, code, escape, type Html, table } from './html.ts';
import { renderAddedJob, renderJob, renderJobs } from './render-job.ts';
import {
  limitName,
  type Look,
  renderAccount,
  renderAccounts,
  renderExplanation,
  renderPool,
  renderPools,
  renderResolved,
  renderStatus,
  when,
} from './render-status.ts';

type Renderer = (output: never, look: Look) => Html[];
type LimitOf = LimitView & { readonly account: string };
type Turn = { pool: string; account: string | null; until: number | null; following: string | null };
type Told = { notices: { kind: NoticeKind; at: number; facts: Record<string, unknown>; deliveries: Delivery[] }[] };
type Delivery = { channel: string; toldAt: number | null; error: string | null };
type PhantomView = { id: string; provider: string; pool: string; origin: 'wrapper' | 'env'; expiresAt: number };
type Setting = { readonly field: string; readonly value: unknown; readonly isDefault: boolean };

const renderers: Readonly<Record<string, Renderer>> = {
  'daemon.status': renderStatus,
  'daemon.check': ({ findings }: { findings: Finding[] }) => findings.map(findingLine),
  'daemon.stop': () => ['Stint is stopping. From here on nobody answers until it is started on the computer.'],
  'account.list': ({ accounts }: { accounts: AccountView[] }, look) => renderAccounts(accounts, look),
  'account.show': renderAccount,
  'account.set': renderAccount,
  'account.rename': renderAccount,
  'account.remove': ({ removed }: { removed: string }) => [`Removed ${bold(removed)} and its secret.`],
  'account.disable': ({ id }: AccountView) => [`⚪ ${bold(id)} takes no requests until it is enabled again.`],
  'account.enable': (output: AccountView, look) => renderAccounts([output], look),
  'account.clear': ({ account, cleared }: { account: AccountView; cleared: number }, look) => [
    cleared === 0 ? 'No window was closed.' : `${cleared} closed ${cleared === 1 ? 'window' : 'windows'} cleared.`,
    ...renderAccounts([account], look),
  ],
  'account.activity': renderActivity,
  'pool.create': renderPool,
  'pool.set': renderPool,
  'pool.show': renderPool,
  'pool.use': renderPool,
  'pool.rename': renderPool,
  'pool.add': renderPool,
  'pool.drop': renderPool,
  'pool.set-auth-reset': renderPool,
  'pool.list': ({ pools }: { pools: PoolView[] }, look) => renderPools(pools, look),
  'pool.remove': ({ removed }: { removed: string }) => [`Removed pool ${bold(removed)}; its accounts stay.`],
  'pool.explain': renderExplanation,
  'pool.next': ({ pool, account, until, following }: Turn, look) => {
    if (account === null) return [`Nobody in pool ${bold(pool)} is open; the first may be ${when(until, look)}.`];
    const then = following === null || following === account ? '' : `, and the one after it ${escape(following)}`;
    return [`The next request to pool ${bold(pool)} uses ${bold(account)}${then}.`];
  },
  'pool.rotate': ({ pool, from, to, sessions }: { pool: string; from: string; to: string; sessions: number }) => [
    `Pool ${bold(pool)} moved from ${escape(from)} to ${bold(to)}${sessions === 0 ? '' : `, with ${sessions} of its sessions`}.`,
  ],
  'job.list': renderJobs,
  'job.add': renderAddedJob,
  'job.show': renderJob,
  'job.cancel': renderJob,
  'job.retry': renderJob,
  'job.resume': renderJob,
  'job.park': renderJob,
  'job.answer': renderJob,
  'model.resolve': renderResolved,
  'limit.list': ({ limits }: { limits: LimitOf[] }, look) =>
    limits.length === 0 ? ['No limit closes anything.'] : limits.map((each) => limitLine(each, look)),
  'limit.set': ({ limits }: { limits: LimitOf[] }, look) => limits.map((each) => limitLine(each, look)),
  'limit.clear': ({ cleared }: { cleared: LimitOf[] }) =>
    cleared.length === 0
      ? ['Nothing was closed.']
      : ['Cleared:', ...cleared.map((each) => `🟢 ${bold(each.account)} ${escape(limitName(each))}`)],
  'session.list': ({ sessions }: { sessions: SessionView[] }, look) =>
    sessions.length === 0 ? ['No sessions yet.'] : [sessionTable(sessions, look)],
  'audit.list': ({ records }: { records: RecordView[] }, look) =>
    records.length === 0
      ? ['Nothing happened.']
      : // The newest first: a message ends before a hundred of them do.
        records.toSorted((a, b) => b.id - a.id).map((each) => recordLine(each, look)),
  'notice.list': ({ notices }: Told, look) =>
    notices.length === 0 ? ['Nothing was told yet.'] : notices.map((each) => noticeLine(each, look)),
  'notice.test': ({ told }: { told: { channel: string; error: string | null }[] }) =>
    told.map(
      ({ channel, error }) =>
        `${error === null ? '✅' : '❌'} ${bold(channel)}${error === null ? ' took it' : `: ${escape(error)}`}`,
    ),
  'config.list': ({ settings, pendingRestart }: { settings: Setting[]; pendingRestart: string[] }) => [
    ...settings.map(settingLine),
    ...(pendingRestart.length === 0 ? [] : [`After a restart act: ${escape(pendingRestart.join(', '))}`]),
  ],
  'config.get': (setting: Setting) => [settingLine(setting)],
  'config.check': ({ file, findings }: { file: string; findings: Finding[] }) =>
    findings.length === 0 ? [`✅ ${escape(file)} is well.`] : findings.map(findingLine),
  'phantom.list': ({ phantoms }: { phantoms: PhantomView[] }, look) =>
    phantoms.length === 0
      ? ['No agent holds a token.']
      : phantoms.map(
          ({ id, provider, pool, origin, expiresAt }) =>
            `${code(id)} ${escape(provider)}, pool ${bold(pool)}, ${origin === 'env' ? 'of stint env' : 'of a running agent'}, until ${when(expiresAt, look)}`,
        ),
  'phantom.revoke': ({ revoked }: { revoked: string }) => [
    `Revoked ${code(revoked)}: agents that hold it are refused from here on.`,
  ],
};

/** The output of an operation for a chat, as blocks of which a message takes as many as it can. */
export function render(operation: string, output: unknown, look: Look): Html[] {
  const renderer = renderers[operation];
  const blocks = renderer === undefined ? plain(output, look) : renderer(output as never, look);
  return blocks.length === 0 ? ['Nothing to show.'] : blocks;
}

/** What nobody has drawn, as `name: value`. */
function plain(output: unknown, look: Look): Html[] {
  if (typeof output !== 'object' || output === null) return [escape(String(output))];
  if (Array.isArray(output)) return output.flatMap((each) => ['·', ...plain(each, look)]);
  return Object.entries(output)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${escape(name)}: ${bold(oneLine(valueText(value, look), 300))}`);
}

/** Numbers from here on are moments in epoch milliseconds: 2020. */
const earliestMoment = Date.UTC(2020, 0);

function valueText(value: unknown, look: Look): string {
  if (typeof value === 'number' && value > earliestMoment) return when(value, look);
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ') || 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function findingLine({ check, ok, detail, hint }: Finding): Html {
  return `${ok ? '✅' : '❌'} ${bold(check)}: ${escape(detail)}${hint === null ? '' : `\n   ${escape(hint)}`}`;
}

function limitLine(limit: LimitOf, look: Look): Html {
  const guessed = limit.source === 'estimated' ? ', estimated' : '';
  return `🔴 ${bold(limit.account)} closed (${escape(limitName(limit))}), opens ${when(limit.until, look)}${guessed}`;
}

type Doing = { account: string; requests: RequestView[]; sessionCount: number };

function renderActivity({ accounts, waiting }: { accounts: Doing[]; waiting: RequestView[] }, look: Look): Html[] {
  const each = accounts.map(({ account, requests, sessionCount }) =>
    [
      `${bold(account)}: ${requests.length} open ${requests.length === 1 ? 'request' : 'requests'}, ${sessionCount} ${sessionCount === 1 ? 'session' : 'sessions'}`,
      ...requests.map((request) => requestLine(request, look)),
    ].join('\n'),
  );
  const held = waiting.map((request) => requestLine(request, look));
  return [...each, ...(held.length === 0 ? [] : ['Waiting for an account:', ...held])];
}

function requestLine({ account, model, pool, since, heldUntil }: RequestView, look: Look): Html {
  const where = account === null ? ` to pool ${escape(pool)}` : '';
  const what = `${escape(model ?? 'a request')}${where}, since ${when(since, look)}`;
  return heldUntil === null ? `· ${what}` : `· ${what}, held until ${when(heldUntil, look)}`;
}

function sessionTable(sessions: readonly SessionView[], { now, timeZone }: Look): Html {
  return table(
    ['SESSION', 'ACCOUNT', 'MOVES', 'SEEN'],
    sessions.map(({ id, account, moves, seenAt }) => [
      id.length > 9 ? `${id.slice(0, 8)}…` : id,
      account,
      String(moves),
      formatMoment(seenAt, now, timeZone),
    ]),
  );
}

function recordLine({ at, kind, subject, surface, actor, outcome, detail }: RecordView, { now, timeZone }: Look): Html {
  const result = outcome === 'done' ? '' : ` ❌ ${escape(outcome)}`;
  const more = detail === null ? '' : `: ${escape(oneLine(detail))}`;
  const who = surface === 'daemon' ? '' : ` by ${escape(actor)}`;
  return `${formatMoment(at, now, timeZone)} ${bold(kind)} ${escape(subject)}${more}${who}${result}`;
}

function noticeLine({ kind, at, facts, deliveries }: Told['notices'][number], { now, timeZone }: Look): Html {
  const subject = [facts['account'], facts['pool']].find((each) => typeof each === 'string');
  const fates = deliveries.map(({ channel, toldAt, error }) => {
    if (toldAt !== null) return `${channel} ✅`;
    return error === null ? `${channel} …` : `${channel} ❌ ${oneLine(error, 80)}`;
  });
  return `${formatMoment(at, now, timeZone)} ${bold(kind)} ${escape(typeof subject === 'string' ? subject : '')} ${escape(fates.join(', '))}`.trimEnd();
}

function settingLine({ field, value, isDefault }: Setting): Html {
  const text = oneLine(JSON.stringify(value) ?? 'none', 200);
  return `${escape(field)} = ${isDefault ? escape(text) : bold(text)}`;
}
