import { z } from 'zod';
import { operation } from './operation.ts';
import { sessionShape } from './shape.ts';

export const sessionList = operation({
  name: 'session.list',
  summary: 'List conversations and the account each stays on',
  effect: 'read',
  positional: [],
  input: z.object({
    count: z.number().int().min(1).max(10_000).default(100).describe('At most so many, the latest first'),
  }),
  output: z.object({ sessions: z.array(sessionShape) }),
  run: (input, context) => ({
    sessions: context.sessions
      .all()
      .toSorted((a, b) => b.seenAt - a.seenAt || b.movedAt - a.movedAt)
      .slice(0, input.count)
      .map((each) => ({ ...each })),
  }),
});
