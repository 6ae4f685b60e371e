import { operatorWindow } from '../../core/limit/limit.ts';
import { oneLine } from '../../core/one-line.ts';
import { formatDuration, formatWhen } from '../../core/time.ts';
import type { ResolvedView } from '../../operations/model.ts';
import type { AccountView, Explanation, NextView, PoolView, StatusView } from '../../operations/shape.ts';
import { bold, escape, type Html } from './html.ts';

/** What a renderer may look at besides the output. */
export type Look = { readonly now: number; readonly timeZone: string };

const lights: Readonly<Record<AccountView['state'], string>> = {
  open: '🟢',
  overage: '🟡',
  'partly-closed': '🟡',
  closed: '🔴',
  resting: '🔴',
  disabled: '⚪',
  'needs-login': '🔴',
};

export function renderStatus({ daemon, accounts, pools, sessions }: StatusView, look: Look): Html[] {
  const requests = `${daemon.activeRequests} open ${daemon.activeRequests === 1 ? 'request' : 'requests'}`;
  const talks = `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`;
  const head = `${bold(`Stint ${daemon.version}`)}, up ${formatDuration(look.now - daemon.startedAt)}, ${requests}, ${talks}`;
  const warnings = [
    ...(daemon.degraded === null
      ? []
      : [
          `⚠️ The store cannot be written since ${when(daemon.degraded.since, look)}: ${escape(daemon.degraded.reason)}`,
        ]),
    ...(daemon.setAside === null ? [] : [`⚠️ A damaged database was put aside as ${escape(daemon.setAside)}.`]),
    ...(daemon.pendingRestart.length === 0 ? [] : [`After a restart act: ${escape(daemon.pendingRestart.join(', '))}`]),
    ...daemon.refusedSettings.map((sentence) => `⚠️ Refused, and not in force: ${escape(sentence)}`),
  ];
  if (accounts.length === 0) return [head, ...warnings, noAccounts];
  return [
    [head, ...warnings].join('\n'),
    '',
    ...accounts.map((each) => accountLines(each, look).join('\n')),
    '',
    ...pools.map((each) => poolLines(each, look).join('\n')),
  ];
}

const noAccounts =
  'No accounts yet. Add one on the computer, since no secret may pass a chat: <code>stint account add anthropic work</code>';

export function renderAccounts(accounts: readonly AccountView[], look: Look): Html[] {
  return accounts.length === 0 ? [noAccounts] : accounts.map((each) => accountLine(each, look));
}

/** One account with all that is known of it. */
export function renderAccount(account: AccountView, look: Look): Html[] {
  const { credential, baseUrl, profile, project, maxConcurrent } = account;
  const host = baseUrl === null ? '' : ` for ${escape(baseUrl)}`;
  return [
    ...accountLines(account, look),
    `${escape(credential)}${host}, added ${when(account.addedAt, look)}`,
    ...(profile === null ? [] : [`login directory ${escape(profile)}`]),
    ...(project === null ? [] : [`shares the quota of project ${escape(project)}`]),
    ...(maxConcurrent === null ? [] : [`at most ${maxConcurrent} requests in flight`]),
  ];
}

export function renderPools(pools: readonly PoolView[], look: Look): Html[] {
  if (pools.length === 0) return ['No pools yet: the first account makes one.'];
  return pools.map((each) => poolLines(each, look).join('\n'));
}

/** One pool with its accounts and settings. */
export function renderPool(pool: PoolView, look: Look): Html[] {
  const [head = '', ...rest] = poolLines(pool, look);
  const settings = [
    ...(pool.holdSeconds === null ? [] : [`holds requests for at most ${pool.holdSeconds} s`]),
    ...(pool.probe ? ['probes whether it has recovered'] : []),
    ...(pool.shareSessions ? ['shares conversations'] : []),
    ...(pool.authResetTarget === '' ? [] : [`resets the login ${escape(pool.authResetTarget)} on recovery`]),
  ];
  return [head, `accounts: ${escape(pool.accounts.join(', ')) || 'none'}`, ...settings, ...rest];
}

export function renderExplanation(told: Explanation): Html[] {
  const light = told.account === null ? '🔴' : '🟢';
  const skipped = told.skipped.map((each) => `· ${escape(each.sentence)}`);
  const answer = skipped.length === 0 ? told.sentence : told.sentence.split(told.skipped[0]?.sentence ?? '')[0];
  return [`${light} ${escape((answer ?? '').trim())}`, ...skipped];
}

export function when(at: number | null, { now, timeZone }: Look): string {
  return at === null ? '–' : formatWhen(at, now, timeZone);
}

function accountLine(account: AccountView, look: Look): Html {
  const reason = account.reason === null ? '' : ` (${escape(oneLine(account.reason))})`;
  const until = account.until === null ? '' : `, opens ${when(account.until, look)}`;
  const flight = account.inFlight === 0 ? '' : `, ${account.inFlight} in flight`;
  return `${lights[account.state]} ${bold(account.id)} ${account.state}${reason}${until}${flight}`;
}

function accountLines(account: AccountView, look: Look): Html[] {
  const { mend, notRenewed, windows, limits } = account;
  const unread = limits.filter(
    (limit) => !windows.some((each) => each.window === limit.window && each.family === limit.family),
  );
  return [
    accountLine(account, look),
    ...(mend === null ? [] : [`   mend it: ${escape(mend)}`]),
    ...(notRenewed === null
      ? []
      : [`   login not renewed: ${escape(oneLine(notRenewed.detail))}; tried again ${when(notRenewed.retryAt, look)}`]),
    ...windows.map((each) => {
      const share = each.utilization === null ? '' : ` ${meter(each.utilization)}`;
      const reset = each.resetsAt === null ? '' : `, resets ${when(each.resetsAt, look)}`;
      return `   ${escape(limitName(each))}${share}${reset}`;
    }),
    ...unread.map((limit) => {
      const guessed = limit.source === 'estimated' ? ', estimated' : '';
      return `   ${escape(limitName(limit))} ${limit.overage ? 'overage' : 'closed'}, opens ${when(limit.until, look)}${guessed}`;
    }),
  ];
}

function poolLines(pool: PoolView, look: Look): Html[] {
  const pinned = pool.pinned === null ? '' : `, pinned to ${escape(pool.pinned)}`;
  const overage = pool.overage === 'forbid' ? '' : `, overage: ${pool.overage}`;
  return [
    `${bold(`pool ${pool.name}`)}, ${pool.strategy}${overage}${pinned}`,
    ...pool.exhausted.map(({ family, since, state }) => {
      const what = family === null ? '' : ` for ${escape(family)}`;
      return `   🔴 ${state}${what} since ${when(since, look)}`;
    }),
    ...pool.next.flatMap((each) => nextLines(each, look)),
  ];
}

function nextLines(next: NextView, look: Look): Html[] {
  const what = next.model === null ? 'next request' : `next request for ${escape(next.model)}`;
  return [`   ${what}: ${answerOf(next, look)}`];
}

function answerOf(next: NextView, look: Look): string {
  if (next.kind === 'use') return escape(next.account ?? '');
  if (next.waitsFor !== undefined)
    return `waits up to ${formatDuration(next.waitsFor.upToMs)} for ${escape(next.waitsFor.account)}`;
  return next.kind === 'wait' && next.until !== null ? `nobody, the first opens ${when(next.until, look)}` : 'nobody';
}

const cells = 8;

function meter(share: number): string {
  const full = Math.max(0, Math.min(cells, Math.round(share * cells)));
  return `${'▓'.repeat(full)}${'░'.repeat(cells - full)} ${Math.round(share * 100)}%`;
}

/** A window may be one model’s alone; that of the operator is no provider’s. */
export function limitName({ window, family }: { readonly window: string; readonly family: string | null }): string {
  const name = window === operatorWindow ? 'by hand' : window;
  return family === null || name.includes(family) ? name : `${name}, ${family} only`;
}

const verdicts = { taken: '🟢', skipped: '🔴', 'not-needed': '⚪' } as const;

/** The answer, then every rung of the ladder. */
export function renderResolved({ sentence, rungs }: ResolvedView): Html[] {
  return [escape(sentence), ...rungs.map((rung) => `${verdicts[rung.verdict]} ${escape(rung.sentence)}`)];
}
