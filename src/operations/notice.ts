import { z } from 'zod';
import { noticeKinds } from '../core/notice.ts';
import { Problem } from '../core/problem.ts';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { quoted } from './require.ts';

const deliveryShape = z.object({
  channel: z.string(),
  attempts: z.number(),
  dueAt: z.number().nullable().describe('When it is tried next; null once it is told or given up'),
  toldAt: z.number().nullable(),
  error: z.string().nullable().describe('Why it has not been told'),
});

export const noticeList = operation({
  name: 'notice.list',
  summary: 'List what people were told, and what is still to be told',
  effect: 'read',
  positional: [],
  input: z.object({
    count: z.number().int().min(1).max(1000).default(50).describe('At most so many, the latest first'),
  }),
  output: z.object({
    notices: z.array(
      z.object({
        id: z.string().describe('Names the edge that it is about'),
        kind: z.enum([...noticeKinds, 'test']),
        thread: z.string().describe('The matter that it is about'),
        at: z.number().describe('Epoch milliseconds'),
        facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
        deliveries: z.array(deliveryShape),
      }),
    ),
    channels: z.array(z.string()).describe('What is set up'),
  }),
  async run({ count }, context) {
    const recent = await context.notices.recent(count);
    return {
      notices: recent.map(({ notice: { id, kind, thread, at, facts }, deliveries }) => ({
        ...{ id, kind, thread, at, facts: Object.fromEntries(Object.entries(facts)) },
        deliveries: deliveries.map(({ channel, attempts, dueAt, toldAt, error }) => ({
          ...{ channel, attempts, dueAt, toldAt, error },
        })),
      })),
      channels: [...context.notices.channels()],
    };
  },
});

export const noticeTest = operation({
  name: 'notice.test',
  summary: 'Tell a notice of no matter, to see whether it arrives',
  effect: 'write',
  outOfTurn: true,
  positional: ['channel'],
  input: z.object({ channel: z.string().optional().describe('Only this channel; all without it') }),
  output: z.object({
    told: z.array(z.object({ channel: z.string(), error: z.string().nullable().describe('Null where it was taken') })),
  }),
  async run({ channel }, context) {
    const known = context.notices.channels();
    if (channel !== undefined) {
      if (!known.includes(channel))
        throw (
          whyMissing(channel, context) ??
          new Problem('not_found', `There is no channel ${quoted(channel)}.`, {
            hint: known.length === 0 ? 'Set one up: stint config list' : `Use one of: ${known.join(', ')}`,
          })
        );
      await context.notices.test(channel);
      return { told: [{ channel, error: null }] };
    }
    if (known.length === 0)
      throw new Problem('conflict', 'No channel for notices is set up.', { hint: 'See: stint config list' });
    const told = known.map(async (each) => {
      try {
        await context.notices.test(each);
        return { channel: each, error: null };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        return { channel: each, error: error.message };
      }
    });
    return { told: await Promise.all(told) };
  },
});

/** A channel that is wanted is missing for what is wrong with its settings. */
function whyMissing(channel: string, { settings }: OperationContext): Problem | undefined {
  const reason = settings.refused().find((each) => new RegExp(`\\b${channel.replace(/\W/g, '')}\\b`, 'i').test(each));
  if (reason === undefined || channel.trim() === '') return undefined;
  return new Problem('conflict', `The channel ${quoted(channel)} is not open: ${reason}`, {
    hint: 'See: stint config check',
  });
}
