import { z } from 'zod';
import { dayMs, minuteMs } from '../../core/time.ts';
import type { ResourcePath } from './route.ts';

const path = '/api/models/rate-limits';

const marked = z.object({
  model: z.string().min(1).describe('Model or model family'),
  cooldownMs: z
    .int()
    .min(1)
    .max(35 * dayMs)
    .default(5 * minuteMs)
    .describe('For so long from now on'),
  account: z.string().optional().describe('Only this account'),
  pool: z.string().optional().describe('Only the accounts of this pool'),
});

/** Limits of models by hand, on every account unless the body names one. */
export const rateLimitPaths: readonly ResourcePath[] = [
  { method: 'GET', path, operation: 'limit.list' },
  {
    method: 'POST',
    path,
    operation: 'limit.set',
    status: 201,
    special: {
      takes: marked,
      also: [],
      gives: null,
      run: ({ cooldownMs, ...where }: z.infer<typeof marked>, ask, { clock }) =>
        ask('limit.set', { ...where, until: new Date(clock() + cooldownMs).toISOString() }),
    },
  },
  { method: 'DELETE', path, operation: 'limit.clear' },
  { method: 'DELETE', path: `${path}/{model}`, operation: 'limit.clear', from: { model: '{model}' } },
];
