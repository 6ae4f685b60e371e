import { z } from 'zod';
import type { OperationContext } from './context.ts';
import { operation } from './operation.ts';
import { findLostSections } from './reset-section.ts';
import { findingShape, statusShape, type StatusView } from './shape.ts';
import { viewAccount, viewPool } from './view.ts';

export const daemonStatus = operation({
  name: 'daemon.status',
  summary: 'Show accounts, windows, and whom the next request would use',
  effect: 'read',
  positional: [],
  input: z.object({ model: z.string().optional().describe('Answer for this model') }),
  output: statusShape,
  async run(input, context) {
    await context.profiles.checkLogins();
    return statusOf(input, context);
  },
});

function statusOf(input: { model?: string | undefined }, context: OperationContext): StatusView {
  return {
    daemon: {
      ...context.daemon.describe(),
      pendingRestart: [...context.settings.pendingRestart()],
      refusedSettings: [...context.settings.refused()],
      channels: [...context.notices.channels()],
    },
    accounts: context.accounts.all().map((each) => viewAccount(context.clock(), each)),
    pools: context.pools.all().map((each) => viewPool(context, each, input.model ?? null)),
    sessions: context.sessions.all().length,
    now: context.clock(),
  };
}

export const daemonStop = operation({
  name: 'daemon.stop',
  summary: 'Stop the daemon; open streams get their time to end',
  // Nothing is lost, but whoever is not at the machine cannot start it again.
  effect: 'destructive',
  positional: [],
  input: z.object({}),
  output: z.object({
    pid: z.number(),
    activeRequests: z.number(),
    graceSeconds: z.number().describe('The time that they have to end'),
  }),
  hidden: { cli: 'stint down is its command, and waits for the end' },
  run(_, context) {
    const { pid, activeRequests, graceSeconds } = context.daemon.describe();
    context.daemon.stop();
    return { pid, activeRequests, graceSeconds };
  },
});

export const daemonCheck = operation({
  name: 'daemon.check',
  summary: 'Check vault, store and upstreams from the daemon’s side',
  effect: 'read',
  positional: [],
  input: z.object({}),
  output: z.object({ findings: z.array(findingShape) }),
  hidden: { cli: 'a part of stint doctor' },
  run: async (_, context) => ({
    findings: [...(await context.daemon.check()).map((each) => ({ ...each })), ...findLostSections(context)],
  }),
});

export const logRead = operation({
  name: 'log.read',
  summary: 'Show the last lines of the log, or those since a cursor',
  effect: 'read',
  positional: [],
  input: z.object({
    lines: z.number().int().min(1).max(10_000).default(50).describe('At most so many'),
    cursor: z.number().int().nonnegative().optional().describe('Where an earlier call ended'),
  }),
  output: z.object({ lines: z.array(z.string()), cursor: z.number() }),
  hidden: {
    cli: 'stint logs is its command',
    telegram: 'Its lines are too long for a chat, which has audit.list: stint logs shows them.',
  },
  run: async (input, context) => {
    const { lines, cursor } = await context.daemon.readLog({ cursor: input.cursor ?? null, lines: input.lines });
    return { lines: [...lines], cursor };
  },
});
