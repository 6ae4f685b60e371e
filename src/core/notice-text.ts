import type { Notice, NoticeFacts, NoticeKind } from './notice.ts';
import { oneLine } from './one-line.ts';
import { withoutSecrets } from './secret-form.ts';
import { formatDuration, formatMoment, formatWhen, minuteMs, type EpochMs } from './time.ts';

/** A notice in words: `title` says what happened; `lines` say more of it, since when, when it goes on, what one can do. */
export type NoticeText = { readonly title: string; readonly lines: readonly string[] };

/** Puts a notice into words as of `now`, which may be long after it happened. */
export function describeNotice(notice: Notice, now: EpochMs, timeZone: string): NoticeText {
  const { facts, at } = notice;
  const look = { now, timeZone, at, since: facts.since ?? at };
  const { title, lines } = texts[notice.kind](facts, look);
  return { title, lines: lines.filter((line) => line !== '') };
}

/** The same in one piece, the title first. */
export function noticeAsText(notice: Notice, now: EpochMs, timeZone: string): string {
  const { title, lines } = describeNotice(notice, now, timeZone);
  return [`${title}.`, ...lines].join('\n');
}

/** The facts for a machine: words of others on one line, and without what looks like a secret. */
export function plainFacts(facts: NoticeFacts): NoticeFacts {
  const plain = Object.entries(facts).map(([name, value]) => [
    name,
    typeof value === 'string' ? clean(value, 300) : value,
  ]);
  return Object.fromEntries(plain) as NoticeFacts;
}

type Look = { readonly now: EpochMs; readonly timeZone: string; readonly at: EpochMs; readonly since: EpochMs };

const texts: Readonly<Record<NoticeKind, (facts: NoticeFacts, look: Look) => NoticeText>> = {
  'account-needs-login': (facts, look) => ({
    title: `Account ${accountOf(facts)} needs a new login`,
    lines: [
      `The provider has refused its credential since ${past(look.since, look)}${quoted(facts)}.`,
      'It takes no work until it has a new one.',
      canDo(facts.mend ?? 'stint account list'),
    ],
  }),
  'account-limited': (facts, look) => ({
    title: `Account ${accountOf(facts)} has reached ${windowOf(facts)}${forFamily(facts)}`,
    lines: [
      `It has been closed${forFamily(facts)} since ${past(look.since, look)}${quoted(facts)}.`,
      opens('It', facts, look),
      facts.mend === undefined
        ? 'Nothing to do: the other accounts of its pool take its work while one of them is open.'
        : canDo(facts.mend),
    ],
  }),
  'overage-begun': (facts, look) => ({
    title: `Account ${accountOf(facts)} costs extra money`,
    lines: [
      `Its plan is used up, and the provider has served for extra money since ${past(look.since, look)}${quoted(facts)}.`,
      facts.until === undefined ? '' : `The plan itself goes on ${future(facts.until, look)}.`,
      canDo(facts.mend ?? `stint pool set ${facts.pool ?? '<pool>'} --overage forbid`),
    ],
  }),
  'pool-exhausted': (facts, look) => ({
    title: `Pool ${poolOf(facts)} is exhausted${forFamily(facts)}`,
    lines: [
      `No account of it has been open${forFamily(facts)} since ${past(look.since, look)}${quoted(facts)}.`,
      opens('The first account', facts, look),
      canDo(facts.mend ?? `stint pool explain ${poolOf(facts)}`),
    ],
  }),
  'pool-recovered': (facts, look) => ({
    title: `Pool ${poolOf(facts)} has recovered${forFamily(facts)}`,
    lines: [
      facts.since === undefined
        ? `It has gone on since ${past(look.at, look)}${shownBy(facts)}.`
        : `It was exhausted for ${formatDuration(look.at - facts.since)} and has gone on since ${past(look.at, look)}${shownBy(facts)}.`,
      facts.mend === undefined ? 'Nothing to do: requests are served again.' : canDo(facts.mend),
    ],
  }),
  'auth-reset-done': (facts, look) => ({
    title:
      facts.interrupted === true
        ? `The agent of pool ${poolOf(facts)} asks again after an auth reset that was interrupted`
        : `The agent of pool ${poolOf(facts)} works again after its auth reset`,
    lines: [
      facts.interrupted === true
        ? `Stint ended while the command ran that resets its login${named(facts.target)}, begun at ${past(look.since, look)}; its outcome is unknown.`
        : `Its login${named(facts.target)} was reset at ${past(look.since, look)}, when the pool had recovered.`,
      `Its traffic resumed${facts.resumedAfterMs === undefined ? '' : ` after ${formatDuration(facts.resumedAfterMs)}`}.`,
      facts.interrupted === true ? canDo(facts.mend ?? `stint pool explain ${poolOf(facts)}`) : 'Nothing to do.',
    ],
  }),
  'auth-reset-failed': (facts, look) => ({
    title:
      facts.silent === true
        ? `The agent of pool ${poolOf(facts)} is silent after its auth reset`
        : `The auth reset of pool ${poolOf(facts)} ${facts.interrupted === true ? 'was interrupted' : 'has failed'}`,
    lines: [
      facts.silent === true
        ? `The command that resets its login${named(facts.target)} ended without an error at ${past(look.since, look)}, but no request of the agent came within 10 minutes.`
        : `The command that resets its login${named(facts.target)} ${facts.interrupted === true ? 'was interrupted, begun' : 'failed'} at ${past(look.since, look)}${quoted(facts)}.`,
      'The pool itself serves; the agent goes on once its login is reset.',
      canDo(facts.mend ?? `stint pool reset-auth ${poolOf(facts)}`),
    ],
  }),
  'config-refused': (facts, look) => ({
    title: `The settings${facts.part === undefined ? '' : ` of ${clean(facts.part, 40)}`} in config.toml were refused`,
    lines: [
      `They have been wrong since ${past(look.since, look)}${quoted(facts)}.`,
      'Until they are mended, the settings of before act, or those that Stint comes with.',
      canDo(facts.mend ?? 'stint config check'),
    ],
  }),
  'job-parked': (facts, look) => ({
    title: `Job ${jobOf(facts)} is parked`,
    lines: [
      `Nothing that it may use has been open since ${past(look.since, look)}${quoted(facts)}.`,
      goesOn(facts, look),
      facts.mend === undefined ? 'Nothing to do: it goes on by itself.' : canDo(facts.mend),
    ],
  }),
  'job-waiting': (facts, look) => ({
    title: `Job ${jobOf(facts)} waits for you`,
    lines: [
      `It has asked since ${past(look.since, look)}${quoted(facts)}.`,
      canDo(facts.mend ?? `stint job answer ${facts.job ?? '<job>'} "..."`),
    ],
  }),
  'job-done': (facts, look) => ({
    title: `Job ${jobOf(facts)} is done`,
    lines: [
      `It was done at ${past(look.since, look)}${quoted(facts)}.`,
      canDo(facts.mend ?? `stint job show ${facts.job ?? '<job>'}`),
    ],
  }),
  'job-failed': (facts, look) => ({
    title: `Job ${jobOf(facts)} has failed`,
    lines: [
      `It failed at ${past(look.since, look)}${quoted(facts)}.`,
      canDo(facts.mend ?? `stint job retry ${facts.job ?? '<job>'}`),
    ],
  }),
  'job-blocked': (facts, look) => ({
    title: `Job ${jobOf(facts)} is blocked`,
    lines: [
      `It has not been able to go on by itself since ${past(look.since, look)}${quoted(facts)}.`,
      canDo(facts.mend ?? `stint job retry ${facts.job ?? '<job>'}`),
    ],
  }),
  'disk-low': (facts, look) => ({
    title: 'The disk of Stint’s home is nearly full',
    lines: [
      `It was seen at ${past(look.at, look)}${quoted(facts)}.`,
      canDo('free some space, then look with: stint job list'),
    ],
  }),
  'job-warned': (facts, look) => ({
    title: `Job ${jobOf(facts)} has a warning`,
    lines: [
      `It is of its stop conditions, and came at ${past(look.since, look)}${quoted(facts)}.`,
      canDo(facts.mend ?? `stint job show ${facts.job ?? '<job>'}`),
    ],
  }),
  test: (_, look) => ({
    title: 'This is a test notice of Stint',
    lines: [`It was sent at ${past(look.at, look)}.`, 'Nothing to do: notices arrive here.'],
  }),
};

function accountOf({ account }: NoticeFacts): string {
  return account ?? 'of a provider';
}

function poolOf({ pool }: NoticeFacts): string {
  return pool ?? '<pool>';
}

function jobOf({ job, title }: NoticeFacts): string {
  return title === undefined ? (job ?? '<job>') : `${job ?? '<job>'} (${clean(title, 80)})`;
}

function goesOn({ until, estimated }: NoticeFacts, look: Look): string {
  if (until === undefined) return 'It goes on once that is mended.';
  if (until <= look.now) return `It was to go on ${future(until, look)}.`;
  return `It goes on ${future(until, look)}${estimated === true ? ', which is a guess' : ''}.`;
}

function windowOf({ window }: NoticeFacts): string {
  return window === undefined ? 'a limit' : `its ${clean(window, 60)} limit`;
}

function forFamily({ family }: NoticeFacts): string {
  return family === undefined ? '' : ` for ${clean(family, 60)} models`;
}

function named(target: string | undefined): string {
  return target === undefined ? '' : ` ${clean(target, 64)}`;
}

function clean(text: string, longest: number): string {
  return oneLine(withoutSecrets(text), longest);
}

/** What was said, as words of somebody else. */
function quoted({ evidence }: NoticeFacts): string {
  const words = clean(evidence ?? '', 160);
  return words === '' ? '' : `: “${words.replace(/[.\s]+$/, '')}”`;
}

function shownBy({ verifiedBy }: NoticeFacts): string {
  return verifiedBy === undefined ? '' : `, as ${proofs[verifiedBy]} showed`;
}

const proofs = { request: 'a request', usage: 'the usage endpoint', probe: 'a probe' } as const;

function canDo(what: string): string {
  return `What you can do: ${clean(what, 300)}`;
}

/** `14:05 CET`, and how long ago where that is not this minute. */
function past(at: EpochMs, { now, timeZone }: Look): string {
  const moment = formatMoment(at, now, timeZone);
  return now - at < minuteMs ? moment : `${moment} (${formatDuration(now - at)} ago)`;
}

function future(at: EpochMs, { now, timeZone }: Look): string {
  return formatWhen(at, now, timeZone);
}

function opens(who: string, { until, estimated }: NoticeFacts, look: Look): string {
  if (until === undefined) return 'Nobody has said when it goes on.';
  // Told late: by now it may be open, which only a request finds out.
  if (until <= look.now) return `${who} was to open ${future(until, look)}.`;
  if (estimated !== true) return `${who} opens ${future(until, look)}.`;
  return `${who} is tried again ${future(until, look)}; the provider has not said when it opens.`;
}
