import { z } from 'zod';
import { operation } from './operation.ts';

export const tokenRotate = operation({
  name: 'token.rotate',
  summary: 'Make a new API token; the old one is refused from here on',
  effect: 'write',
  positional: [],
  input: z.object({
    scope: z.enum(['full', 'read']).default('full').describe('Which token: for everything, or only to read'),
  }),
  output: z.object({
    scope: z.enum(['full', 'read']),
    file: z.string().describe('The file that holds it, only for you'),
  }),
  hidden: {
    mcp: 'It would lock out whoever holds the token, and nobody there sees the new one: stint token rotate.',
    telegram: 'It would lock out whoever holds the token, and nobody there sees the new one: stint token rotate.',
  },
  run: async ({ scope }, { tokens }) => ({ scope, file: await tokens.rotate(scope) }),
});

export const dashboardLink = operation({
  name: 'dashboard.link',
  summary: 'Make a link that logs one browser in, once',
  // Whoever has the link may do everything: one that may only read must not get it.
  effect: 'write',
  positional: [],
  input: z.object({}),
  output: z.object({ url: z.string(), expiresAt: z.number().describe('Epoch milliseconds') }),
  hidden: {
    mcp: 'The link lets in whoever reads it, and must not pass a model: stint dashboard link.',
    telegram: 'The link lets in whoever reads it, and must not pass a chat: stint dashboard link.',
  },
  run: (_, { tokens }) => ({ ...tokens.link() }),
});
