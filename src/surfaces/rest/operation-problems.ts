import type { ProblemCode } from '../../core/problem.ts';
import { problemStatus } from '../problem-details.ts';
import type { Route } from './route.ts';

/** A name that is nobody’s, or that of two accounts. */
const account = ['not_found', 'conflict'] as const;
const pool = ['not_found'] as const;
/** No job of that id, or several whose ids begin so; one that is not where this can happen to it. */
const job = ['not_found', 'conflict'] as const;

/** What can go wrong in an operation, besides bad input, what the caller may not do, a disk that is full, and bugs. */
export const operationProblems: Readonly<Record<string, readonly ProblemCode[]>> = {
  'account.add': ['conflict'],
  'account.check': ['conflict'],
  'account.adopt': ['not_found', 'conflict'],
  'account.adoptable': ['not_found', 'conflict', 'unavailable'],
  'account.show': account,
  'account.rename': account,
  'account.remove': account,
  'account.disable': account,
  'account.enable': account,
  'account.clear': account,
  'account.set': account,
  'account.activity': account,
  'pool.create': account,
  'pool.set': account,
  'pool.show': pool,
  'pool.rename': [...pool, 'conflict'],
  'pool.remove': pool,
  'pool.add': account,
  'pool.drop': account,
  'pool.move': account,
  'pool.use': account,
  'pool.next': pool,
  'pool.rotate': [...pool, 'conflict'],
  'pool.explain': pool,
  'pool.set-auth-reset': pool,
  'pool.reset-auth': [...pool, 'conflict', 'upstream'],
  'limit.list': account,
  'limit.set': account,
  'limit.clear': account,
  'session.begin': account,
  'session.report': account,
  'phantom.issue': pool,
  'phantom.list': ['not_found'],
  'phantom.revoke': ['not_found'],
  'job.add': job,
  'job.show': job,
  'job.logs': job,
  'job.cancel': job,
  'job.retry': job,
  'job.resume': job,
  'job.park': job,
  'job.answer': job,
  'model.resolve': job,
  'job.attach': job,
  'job.type': job,
  'notice.test': ['not_found', 'conflict', 'upstream'],
  'config.get': ['not_found'],
  'config.set': ['not_found'],
  'log.read': ['unavailable'],
};

/** Every status besides success that a route can answer with. */
export function statusesOf({ method, runs, operation, stream }: Route): number[] {
  // Every change can meet a disk that takes none.
  const ofDisk = operation.effect === 'read' ? [] : [problemStatus.unavailable];
  const ofOperations = runs.flatMap((name) => operationProblems[name] ?? []).map((code) => problemStatus[code]);
  const ofBody = method === 'GET' ? [] : [413, 415];
  // Whatever happens to a stream happens after its head.
  const ofBugs = stream === undefined ? [500] : [];
  return [...new Set([400, 401, 403, 429, ...ofBody, ...ofBugs, ...ofDisk, ...ofOperations])].toSorted((a, b) => a - b);
}
