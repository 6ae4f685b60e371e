import { isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { circleText } from '../core/job/circle.ts';
import { overlaps, type Lock } from '../core/lock/lock.ts';
import { Problem } from '../core/problem.ts';
import { minuteMs, secondMs } from '../core/time.ts';
import { patience } from './patience.ts';
import { agentTool, type ToolCall } from './tool.ts';

const usualSeconds = (10 * minuteMs) / secondMs;
const path = z.string().min(1).max(4096);
const files = z.array(path).min(1).max(100);

const lockShape = z.object({
  path: z.string(),
  job: z.string().describe('Whose agent holds it'),
  title: z.string(),
  mine: z.boolean(),
  reason: z.string().nullable(),
  since: z.number().describe('Epoch milliseconds'),
  until: z.number().describe('Epoch milliseconds; it ends by itself then'),
});

export const lockFiles = agentTool({
  name: 'lock_files',
  title: 'Lock files',
  description:
    'Take files or folders for yourself before you change them, so that agents that ask as well do not change them too: all of them or none. A folder stands for everything in it. If others hold them it waits up to 100 seconds and then returns locked=false: call it again to wait on. A lock ends after ttlSeconds, when you release it, or with your job; lock again to make it last. It stays yours when you are interrupted, but its time goes on: call check_file_locks then. Locks are advice: nothing stops an agent that does not ask.',
  effect: 'write',
  input: z.object({
    files: files.describe('Paths, absolute or below your directory'),
    reason: z.string().max(200).optional().describe('For those who wait'),
    ttlSeconds: z.int().min(1).max(3600).default(usualSeconds).describe('How long it lasts'),
  }),
  output: z.object({
    locked: z.boolean(),
    locks: z.array(lockShape).describe('Yours where they are locked, else those in the way'),
    says: z.string().nullable().describe('What to do where they are not locked'),
  }),
  async run(input, call) {
    const { locks, job, attempt, waitMs } = call;
    const paths = await pathsOf(call, input.files);
    using wait = patience(call.signal, waitMs);
    const ttlMs = input.ttlSeconds * secondMs;
    const wish = { holder: job.id, attempt, paths, reason: input.reason ?? null, ttlMs };
    const next = await locks.lock(wish, wait.signal);
    if (next.kind === 'locked') return { locked: true, locks: next.locks.map((each) => view(call, each)), says: null };
    if (next.kind === 'blocked') return { locked: false, locks: next.by.map((each) => view(call, each)), says: again };
    const held = next.by.map((each) => `${each.path} is held by job ${each.holder}`).join(', ');
    throw new Problem('conflict', `Deadlock: ${circleText(next.circle)}; ${held}.`, {
      hint: 'Release what you hold with release_files, then lock everything that you need in one call.',
    });
  },
});

const again = 'Others hold these. Call lock_files again to wait on, or work on something else.';

export const releaseFiles = agentTool({
  name: 'release_files',
  title: 'Release files',
  description:
    'Let go of files or folders that you locked, with everything below them; all of yours where you name none.',
  effect: 'write',
  input: z.object({ files: files.optional().describe('Paths, absolute or below your directory') }),
  output: z.object({ released: z.array(z.string()), kept: z.array(z.string()).describe('What you still hold') }),
  async run(input, call) {
    const { locks, job } = call;
    const paths = input.files === undefined ? null : await pathsOf(call, input.files);
    const released = await locks.release(job.id, paths);
    const kept = locks.all().filter(({ holder }) => holder === job.id);
    return { released: released.map((each) => each.path), kept: kept.map((each) => each.path) };
  },
});

export const checkFileLocks = agentTool({
  name: 'check_file_locks',
  title: 'Check file locks',
  description:
    'See which files and folders are locked, by whom and until when: all, or those that are in the way of some.',
  effect: 'read',
  input: z.object({ files: files.optional().describe('Paths, absolute or below your directory') }),
  output: z.object({ locks: z.array(lockShape) }),
  async run(input, call) {
    const paths = input.files === undefined ? null : await pathsOf(call, input.files);
    const all = call.locks.all();
    const shown = paths === null ? all : all.filter((lock) => paths.some((each) => overlaps(each, lock.path)));
    return { locks: shown.map((each) => view(call, each)) };
  },
});

/** The same file has the same path for everybody, whatever links lead there. */
function pathsOf({ job, realPath }: ToolCall, names: readonly string[]): Promise<string[]> {
  return Promise.all(
    names.map(async (name) => {
      if (name.includes('\0')) throw new Problem('invalid', 'A path has no NUL in it.', { hint: 'Leave it out.' });
      const full = normalize(isAbsolute(name) ? name : join(job.spec.directory, name));
      return realPath(full.length > 1 ? full.replace(/\/$/, '') : full);
    }),
  );
}

function view({ jobs, job }: ToolCall, { path: at, holder, reason, since, until }: Lock) {
  const title = jobs.find(holder)?.spec.title ?? '';
  return { path: at, job: holder, title, mine: holder === job.id, reason, since, until };
}
