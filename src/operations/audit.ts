import { z } from 'zod';
import { parseLength, parseMoment } from '../core/moment.ts';
import { Problem } from '../core/problem.ts';
import type { EpochMs } from '../core/time.ts';
import { nameNow } from './about.ts';
import type { OperationContext } from './context.ts';
import { operation, streamingOperation } from './operation.ts';
import { findPool, quoted } from './require.ts';
import { recordShape } from './shape.ts';

const cursor = z.number().int().nonnegative().optional();

export const auditList = operation({
  name: 'audit.list',
  summary: 'List what was changed and what happened, by whom and how it ended',
  effect: 'read',
  positional: [],
  input: z.object({
    after: cursor.describe('Only records after this one, the first of them first'),
    before: cursor.describe('Only records before this one'),
    kind: z.string().max(100).optional().describe('Only kinds that begin so: account. or pool.exhausted'),
    subject: z
      .string()
      .max(200)
      .optional()
      .describe(
        'Only what was done to this account (provider/label), pool or session; anthropic/* for all that begin so',
      ),
    since: z
      .union([z.string(), z.number()])
      .optional()
      .describe('Only from then on: ISO 8601, epoch milliseconds, or how long ago, such as 2h'),
    count: z.number().int().min(1).max(10_000).default(100).describe('At most so many'),
  }),
  output: z.object({
    records: z.array(recordShape),
    lastId: z.number().describe('The newest record there is; to go on from, as after'),
  }),
  async run({ since, subject: name, ...query }, context) {
    const from = since === undefined ? undefined : sinceOf(since, context.clock());
    const subject = name === undefined ? undefined : subjectOf(name, context);
    const records = await context.trail.read({ ...query, subject, since: from });
    return { records: records.map((each) => ({ ...each })), lastId: context.trail.lastId() };
  },
});

/** Records have the id of an account; people may type its label. */
function subjectOf(name: string, context: OperationContext): string {
  return findPool(context, name)?.pool.name ?? nameNow('account', name, context);
}

function sinceOf(since: string | number, now: EpochMs): EpochMs {
  const lengthMs = typeof since === 'string' ? parseLength(since) : null;
  const at = lengthMs === null ? parseMoment(since) : now - lengthMs;
  if (at !== null) return at;
  throw new Problem('invalid', `${quoted(String(since))} is no time.`, {
    hint: 'For example: --since 2h, or --since 2026-07-01T18:00:00Z',
  });
}

export const eventWatch = streamingOperation({
  name: 'event.watch',
  summary: 'Tell what happens as it happens, as records of the audit trail',
  positional: [],
  input: z.object({ after: cursor.describe('Every record after this one first; without it only new ones') }),
  output: recordShape,
  hidden: {
    mcp: 'A tool answers once: audit.list with `after` is its form there; stint event watch goes on.',
    telegram: 'A chat is told by its notices; /audit_list shows the rest, and stint event watch goes on.',
  },
  async *stream({ after }, context, signal) {
    for await (const record of context.trail.watch(after ?? context.trail.lastId(), signal)) yield { ...record };
  },
});
