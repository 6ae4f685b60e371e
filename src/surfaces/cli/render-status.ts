import { formatDuration, formatWhen } from '../../core/time.ts';
import { drawBar } from '../../lib/bar.ts';
import type { AccountView, EpisodeView, NextView, PoolView, StatusView } from '../../operations/shape.ts';
import type { Look } from './render.ts';

const barCells = 20;
/** On a terminal that has no room for those. */
const narrow = { columns: 72, barCells: 8 };

/** Reasons that are no words of their own. */
const reasons: Readonly<Record<string, string>> = {
  'not-pinned': 'the pool is pinned to another',
  unsuitable: 'a profile, which stands by in a pool of the gateway',
  full: 'at its cap of requests in flight',
};

export function renderStatus(status: StatusView, look: Look): string {
  const { daemon, accounts, pools } = status;
  const head = `Stint ${daemon.version}, process ${daemon.pid}, up ${formatDuration(look.now - daemon.startedAt)}, agents at ${daemon.agentUrl}, ${daemon.activeRequests} open ${daemon.activeRequests === 1 ? 'request' : 'requests'}`;
  const warnings = [
    ...(daemon.degraded === null
      ? []
      : [
          `The store cannot be written since ${formatWhen(daemon.degraded.since, look.now, look.timeZone)} (${daemon.degraded.reason}); Stint goes on from memory.`,
        ]),
    ...(daemon.setAside === null ? [] : [`A damaged database was put aside as ${daemon.setAside}.`]),
    ...(daemon.pendingRestart.length === 0
      ? []
      : [`Changed, and in force after a restart: ${daemon.pendingRestart.join(', ')}.`]),
    ...daemon.refusedSettings.map((sentence) => `Refused, and not in force: ${sentence}`),
  ].map((line) => look.terminal.style('yellow', line));
  const width = Math.max(0, ...accounts.map((each) => each.id.length));
  if (accounts.length === 0)
    return [head, ...warnings, '', 'No accounts yet. Add one with: stint account add anthropic work'].join('\n');
  return [
    head,
    ...warnings,
    '',
    ...accounts.map((each) => renderAccount(each, look, width)),
    '',
    ...pools.map((each) => renderPool(each, look)),
  ].join('\n');
}

function renderAccount(account: AccountView, look: Look, width = 0): string {
  const { terminal } = look;
  const colour =
    account.state === 'open' ? 'green' : ['partly-closed', 'overage'].includes(account.state) ? 'yellow' : 'red';
  const state = terminal.style(colour, account.state);
  const reason = account.reason === null ? '' : ` (${oneLine(account.reason)})`;
  const until = account.until === null ? '' : `, opens ${formatWhen(account.until, look.now, look.timeZone)}`;
  const flight = account.inFlight === 0 ? '' : `, ${account.inFlight} in flight`;
  return [
    `${terminal.style('bold', account.id.padEnd(width))}  ${state}${reason}${until}${flight}`,
    ...nextStepOf(account),
    ...renewalLines(account, look),
    ...windowLines(account, look),
  ].join('\n');
}

function nextStepOf({ mend }: AccountView): string[] {
  return mend === null ? [] : [`  mend it: ${mend}`];
}

function renewalLines({ notRenewed }: AccountView, { now, timeZone, terminal }: Look): string[] {
  if (notRenewed === null) return [];
  const again = formatWhen(notRenewed.retryAt, now, timeZone);
  return [terminal.style('yellow', `  login not renewed: ${oneLine(notRenewed.detail)}; tried again ${again}`)];
}

/** Windows as far as the provider has told, and limits that no reading covers. */
function windowLines({ windows, limits }: AccountView, look: Look): string[] {
  const width = Math.max(...[...windows, ...limits].map((each) => nameOf(each).length));
  const cells = (look.terminal.columns ?? narrow.columns) < narrow.columns ? narrow.barCells : barCells;
  const read = windows.map((each) => {
    const closed = limits.some(
      (limit) => limit.window === each.window && limit.family === each.family && !limit.overage,
    );
    const share =
      each.utilization === null
        ? ' '.repeat(cells + 5)
        : `${drawBar(each.utilization, cells)} ${percent(each.utilization)}`;
    const reset = each.resetsAt === null ? '' : `  resets ${formatWhen(each.resetsAt, look.now, look.timeZone)}`;
    return `  ${nameOf(each).padEnd(width)}  ${share}${reset}${closed ? look.terminal.style('red', '  closed') : ''}`;
  });
  const unread = limits
    .filter((limit) => !windows.some((each) => each.window === limit.window && each.family === limit.family))
    .map((limit) => {
      const kind = limit.overage ? 'overage' : 'closed';
      const guessed = limit.source === 'estimated' ? ', estimated' : '';
      return `  ${nameOf(limit).padEnd(width)}  ${kind}, opens ${formatWhen(limit.until, look.now, look.timeZone)}${guessed}`;
    });
  return [...read, ...unread];
}

/** A window may be one model's alone. */
function nameOf({ window, family }: { readonly window: string; readonly family: string | null }): string {
  return family === null || window.includes(family) ? window : `${window} of ${family}`;
}

function renderPool(pool: PoolView, look: Look): string {
  const pinned = pool.pinned === null ? '' : `, pinned to ${pool.pinned}`;
  const overage = pool.overage === 'forbid' ? '' : `, overage: ${pool.overage}`;
  return [
    `pool ${look.terminal.style('bold', pool.name)}  ${pool.strategy}${overage}${pinned}`,
    ...pool.exhausted.map((each) => episodeLine(each, look)),
    ...pool.resets.map((each) => resetLine(each, look)),
    ...pool.next.flatMap((each) => nextLines(each, look)),
  ].join('\n');
}

function episodeLine({ family, since, state, nextTryAt }: EpisodeView, look: Look): string {
  const what = family === null ? '' : ` for ${family}`;
  const begun = formatWhen(since, look.now, look.timeZone);
  if (state === 'retrying')
    return look.terminal.style(
      'yellow',
      `  retrying${what}: an account is open again; since ${begun} no request has been served`,
    );
  const next = nextTryAt === null ? '' : `, next try ${formatWhen(nextTryAt, look.now, look.timeZone)}`;
  return look.terminal.style('red', `  exhausted${what} since ${begun}${next}`);
}

function resetLine({ family, state, target, at, detail }: PoolView['resets'][number], look: Look): string {
  const what = family === null ? '' : ` after ${family}`;
  const said = detail === null ? '' : `: ${oneLine(detail)}`;
  // Only one that a daemon before began has something to be said of it already.
  const words = state === 'running' && detail !== null ? 'was interrupted' : resetWords[state];
  return `  auth reset of ${target}${what} ${words} (${formatWhen(at, look.now, look.timeZone)})${said}`;
}

const resetWords: Readonly<Record<PoolView['resets'][number]['state'], string>> = {
  due: 'is due',
  running: 'is running',
  waiting: 'has run, and no request has proved it yet',
  resumed: 'has worked',
  silent: 'has run, and no request came since',
  failed: 'failed',
};

/** One account with what only its own page has room for. */
export function renderAccountDetails(account: AccountView, look: Look): string {
  const added = formatWhen(account.addedAt, look.now, look.timeZone);
  const [head = '', ...windows] = renderAccount(account, look).split('\n');
  const host = account.baseUrl === null ? '' : ` for ${account.baseUrl}`;
  return [head, `  ${account.credential}${host}, added ${added}`, ...settingsOf(account), ...windows].join('\n');
}

function settingsOf({ profile, project, maxConcurrent }: AccountView): string[] {
  return [
    ...(profile === null ? [] : [`  login directory ${profile}`]),
    ...(project === null ? [] : [`  shares the quota of project ${project}`]),
    ...(maxConcurrent === null ? [] : [`  at most ${maxConcurrent} requests in flight`]),
  ];
}

/** One pool with its accounts, which `status` shows above it. */
export function renderPoolDetails(pool: PoolView, look: Look): string {
  const [head = '', ...next] = renderPool(pool, look).split('\n');
  return [head, `  accounts: ${pool.accounts.join(', ') || 'none'}`, ...poolSettings(pool), ...next].join('\n');
}

function poolSettings({ holdSeconds, probe, authResetTarget, shareSessions }: PoolView): string[] {
  return [
    ...(holdSeconds === null ? [] : [`  holds a request for at most ${holdSeconds} seconds`]),
    ...(probe ? ['  one cheap request may find out that it has recovered'] : []),
    ...(authResetTarget === '' ? [] : [`  auth-reset target: ${authResetTarget}`]),
    ...(shareSessions ? ['  profiles share their conversations'] : []),
  ];
}

function nextLines(next: NextView, look: Look): string[] {
  const what = next.model === null ? 'next request' : `next request for ${next.model}`;
  const skipped = next.skipped.map((each) => {
    const window = each.window === null ? '' : ` (${each.window})`;
    const until = each.until === null ? '' : `, opens ${formatWhen(each.until, look.now, look.timeZone)}`;
    const rest = each.refusal === undefined ? until : `: ${oneLine(each.refusal)}`;
    return `    not ${each.account}: ${reasons[each.reason] ?? each.reason}${window}${rest}`;
  });
  return [`  ${what}: ${answer(next, look)}`, ...skipped];
}

function answer(next: NextView, look: Look): string {
  if (next.kind === 'use') return look.terminal.style('green', next.account ?? '');
  if (next.waitsFor !== undefined)
    return look.terminal.style(
      'yellow',
      `waits up to ${formatDuration(next.waitsFor.upToMs)} for ${next.waitsFor.account}`,
    );
  if (next.kind === 'wait' && next.until !== null)
    return `nobody, the first opens ${formatWhen(next.until, look.now, look.timeZone)}`;
  return 'nobody';
}

/** A provider's own words may have several lines. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 160);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`.padStart(4);
}
