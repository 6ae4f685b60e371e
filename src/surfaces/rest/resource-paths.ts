import { z } from 'zod';
import { accountPoolPaths } from './account-pool.ts';
import { rateLimitPaths } from './rate-limits.ts';
import type { ResourcePath } from './route.ts';

const pool = { pool: '{name}' } as const;
const account = { account: '{provider}/{label}' } as const;
/** All of them, where PATCH leaves what is absent as it is. */
const members = z.object({
  name: z.string(),
  accounts: z.array(z.string()).describe('All accounts of the pool, in the order of preference'),
  shareSessions: z.boolean().optional().describe('Let the profiles of its accounts share their transcripts'),
});
const job = { job: '{id}' } as const;
const onJob = '/api/jobs/{id}';
const onPool = '/api/pools/{name}';
const onAccount = '/api/accounts/{provider}/{label}';

/** The paths that people expect of such an API, besides `/api/<operation>`. */
export const resourcePaths: readonly ResourcePath[] = [
  { method: 'GET', path: '/api/status', operation: 'daemon.status' },
  { method: 'GET', path: '/api/events', operation: 'event.watch' },
  { method: 'GET', path: '/api/audit', operation: 'audit.list' },
  { method: 'GET', path: '/api/sessions', operation: 'session.list' },
  { method: 'GET', path: '/api/notices', operation: 'notice.list' },
  { method: 'POST', path: '/api/notices/test', operation: 'notice.test' },
  { method: 'GET', path: '/api/config', operation: 'config.list' },
  { method: 'GET', path: '/api/config/{field}', operation: 'config.get', from: { field: '{field}' } },
  { method: 'PUT', path: '/api/config/{field}', operation: 'config.set', from: { field: '{field}' } },

  { method: 'GET', path: '/api/pools', operation: 'pool.list' },
  { method: 'POST', path: '/api/pools', operation: 'pool.create', rename: { name: 'pool' }, status: 201 },
  { method: 'GET', path: onPool, operation: 'pool.show', from: pool },
  { method: 'PATCH', path: onPool, operation: 'pool.set', from: pool },
  { method: 'DELETE', path: onPool, operation: 'pool.remove', from: pool },
  { method: 'PUT', path: `${onPool}/auth-reset-target`, operation: 'pool.set-auth-reset', from: pool },
  { method: 'POST', path: `${onPool}/members`, operation: 'pool.add', from: pool, status: 201 },
  {
    method: 'PUT',
    path: `${onPool}/members`,
    operation: 'pool.set',
    special: {
      takes: members,
      also: [],
      gives: null,
      run: ({ name, ...given }: z.infer<typeof members>, ask) => ask('pool.set', { pool: name, ...given }),
    },
  },
  {
    method: 'DELETE',
    path: `${onPool}/members/{provider}/{label}`,
    operation: 'pool.drop',
    from: { ...pool, ...account },
  },
  { method: 'POST', path: `${onPool}/move`, operation: 'pool.move', from: { from: '{name}' } },
  { method: 'POST', path: `${onPool}/next`, operation: 'pool.next', from: pool },
  { method: 'POST', path: `${onPool}/rotate`, operation: 'pool.rotate', from: pool },
  { method: 'POST', path: `${onPool}/use`, operation: 'pool.use', from: pool },
  { method: 'POST', path: `${onPool}/rename`, operation: 'pool.rename', from: pool },
  { method: 'POST', path: `${onPool}/reset-auth`, operation: 'pool.reset-auth', from: pool },
  { method: 'GET', path: `${onPool}/explain`, operation: 'pool.explain', from: pool },
  { method: 'POST', path: `${onPool}/explain`, operation: 'pool.explain', from: pool },

  { method: 'GET', path: '/api/accounts', operation: 'account.list' },
  { method: 'POST', path: '/api/accounts', operation: 'account.add', status: 201 },
  { method: 'GET', path: onAccount, operation: 'account.show', from: account },
  { method: 'PATCH', path: onAccount, operation: 'account.set', from: account },
  { method: 'DELETE', path: onAccount, operation: 'account.remove', from: account },
  { method: 'GET', path: `${onAccount}/activity`, operation: 'account.activity', from: account },
  { method: 'POST', path: `${onAccount}/enable`, operation: 'account.enable', from: account },
  { method: 'POST', path: `${onAccount}/disable`, operation: 'account.disable', from: account },
  { method: 'POST', path: `${onAccount}/clear`, operation: 'account.clear', from: account },
  { method: 'POST', path: `${onAccount}/rename`, operation: 'account.rename', from: account },

  { method: 'GET', path: '/api/jobs', operation: 'job.list' },
  { method: 'POST', path: '/api/jobs', operation: 'job.add', status: 201 },
  { method: 'GET', path: onJob, operation: 'job.show', from: job },
  { method: 'DELETE', path: onJob, operation: 'job.cancel', from: job },
  { method: 'GET', path: `${onJob}/logs`, operation: 'job.logs', from: job },
  { method: 'POST', path: `${onJob}/cancel`, operation: 'job.cancel', from: job },
  { method: 'POST', path: `${onJob}/retry`, operation: 'job.retry', from: job },
  { method: 'POST', path: `${onJob}/resume`, operation: 'job.resume', from: job },
  { method: 'POST', path: `${onJob}/park`, operation: 'job.park', from: job },
  { method: 'POST', path: `${onJob}/answer`, operation: 'job.answer', from: job },
  { method: 'GET', path: `${onJob}/model`, operation: 'model.resolve', from: job },
  { method: 'GET', path: `${onJob}/terminal`, operation: 'job.attach', from: job },
  { method: 'POST', path: `${onJob}/terminal`, operation: 'job.type', from: job },

  { method: 'GET', path: '/api/limits', operation: 'limit.list' },
  { method: 'POST', path: '/api/limits', operation: 'limit.set', status: 201 },
  { method: 'DELETE', path: '/api/limits', operation: 'limit.clear' },
  ...rateLimitPaths,
  ...accountPoolPaths,
];
