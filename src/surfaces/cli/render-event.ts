import { formatWhen } from '../../core/time.ts';
import type { LimitView, RecordView } from '../../operations/shape.ts';
import type { Look } from './render.ts';
import { clockTime } from './render-log.ts';
import { renderTable } from './table.ts';
import { describeNotice } from '../../core/notice-text.ts';
import type { Notice } from '../../core/notice.ts';

/** A record of the audit trail as a line of a stream. */
export function renderRecord(record: RecordView, { terminal, timeZone }: Look): string {
  const { at, kind, subject, outcome, detail } = record;
  const time = terminal.style('dim', clockTime(new Date(at).toISOString(), timeZone));
  const refused = outcome === 'done' ? '' : terminal.style('red', ` refused: ${outcome}`);
  const more = detail === null ? '' : `: ${detail}`;
  return `${time} ${`${terminal.style('bold', kind)} ${subject}`.trimEnd()}${more}${refused}${byWhom(record)}`;
}

/** Stint's own doing needs no name. */
function byWhom({ surface, actor }: RecordView): string {
  return surface === 'daemon' ? '' : ` (${actor} by ${surface})`;
}

export function renderRecords(
  { records }: { records: readonly RecordView[] },
  { terminal, now, timeZone }: Look,
): string {
  if (records.length === 0) return 'Nothing of that kind has happened.';
  return renderTable(
    ['ID', 'WHEN', 'WHAT', 'SUBJECT', 'BY', 'OUTCOME', 'DETAIL'],
    records.map(({ id, at, kind, subject, surface, actor, outcome, detail }) => [
      String(id),
      formatWhen(at, now, timeZone),
      kind,
      subject || '-',
      surface === 'daemon' ? actor : `${actor} by ${surface}`,
      outcome,
      detail ?? '',
    ]),
    terminal.columns,
  );
}

type AccountLimit = LimitView & { readonly account: string };

export function renderLimits(limits: readonly AccountLimit[], { terminal, now, timeZone }: Look): string {
  return renderTable(
    ['ACCOUNT', 'WINDOW', 'MODELS', 'OPENS', 'BY'],
    limits.map(({ account, window, family, overage, until, source }) => [
      account,
      overage ? `${window} (overage)` : window,
      family ?? 'all',
      formatWhen(until, now, timeZone),
      source,
    ]),
    terminal.columns,
  );
}

export type NoticeView = Omit<Notice, never> & {
  readonly deliveries: readonly {
    readonly channel: string;
    readonly attempts: number;
    readonly dueAt: number | null;
    readonly toldAt: number | null;
    readonly error: string | null;
  }[];
};

export function renderNotices(
  { notices, channels }: { notices: readonly NoticeView[]; channels: readonly string[] },
  look: Look,
): string {
  const head =
    channels.length === 0 ? 'No channel is set up; the log has every notice.' : `Channels: ${channels.join(', ')}.`;
  if (notices.length === 0) return `${head}\nNobody was told anything yet.`;
  return [head, '', ...notices.map((each) => renderNotice(each, look))].join('\n');
}

function renderNotice(notice: NoticeView, { terminal, now, timeZone }: Look): string {
  const told = notice.deliveries.map(({ channel, toldAt, dueAt, error, attempts }) => {
    if (toldAt !== null) return `told on ${channel}`;
    const why = error === null ? '' : `: ${error}`;
    if (dueAt === null) return terminal.style('red', `not told on ${channel} after ${attempts} tries${why}`);
    return terminal.style('yellow', `to be told on ${channel} ${formatWhen(dueAt, now, timeZone)}${why}`);
  });
  const when = formatWhen(notice.at, now, timeZone);
  return [
    `${terminal.style('bold', describeNotice(notice, now, timeZone).title)}, ${when}`,
    ...told.map((line) => `  ${line}`),
  ].join('\n');
}
