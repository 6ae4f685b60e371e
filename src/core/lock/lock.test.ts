import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { asJobId, type JobId } from '../ids.ts';
import { livingLocks, lockedWith, lockedWithout, overlaps, type Lock } from './lock.ts';

const now = 1000;
const [a, b, c] = ['a', 'b', 'c'].map(asJobId) as [JobId, JobId, JobId];
const lock = (path: string, holder: JobId, until = now + 10): Lock => ({
  path,
  holder,
  reason: null,
  since: 0,
  until,
});
const wish = (holder: JobId, ...paths: string[]) => ({ holder, paths, reason: 'work', until: now + 60 });

describe('two paths', () => {
  test.each([
    ['/p/a.ts', '/p/a.ts', true],
    ['/p', '/p/a.ts', true],
    ['/p/deep/a.ts', '/p', true],
    ['/', '/p', true],
    ['/p/a', '/p/ab', false],
    ['/p/a.ts', '/p/b.ts', false],
  ])('%s and %s overlap: %p', (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });
});

describe('a wish for locks', () => {
  test('comes true where nobody is in the way', () => {
    expect(lockedWith([lock('/p/b', b)], wish(a, '/p/a', '/p/c', '/p/a'), now)).toEqual({
      kind: 'locked',
      locks: [
        lock('/p/b', b),
        { ...lock('/p/a', a, now + 60), reason: 'work', since: now },
        { ...lock('/p/c', a, now + 60), reason: 'work', since: now },
      ],
    });
  });

  test('is refused as a whole where one of its paths is taken, and says by whom', () => {
    const taken = lock('/p/folder', b);
    expect(lockedWith([taken], wish(a, '/p/a', '/p/folder/x'), now)).toEqual({ kind: 'blocked', by: [taken] });
  });

  test('is not in the way of itself, and renews what its holder has', () => {
    const next = lockedWith([lock('/p', a)], wish(a, '/p', '/p/x'), now);
    expect(next).toMatchObject({
      kind: 'locked',
      locks: [
        { path: '/p', since: 0, until: now + 60 },
        { path: '/p/x', since: now },
      ],
    });
  });

  test('finds a lock that ran out gone', () => {
    expect(lockedWith([lock('/p', b, now)], wish(a, '/p'), now)).toMatchObject({
      kind: 'locked',
      locks: [{ holder: a }],
    });
  });
});

test('a holder lets go of a path with what lies below it, or of everything, and of nothing that is another’s', () => {
  const locks = [lock('/p', a), lock('/q/x', a), lock('/q/y', a), lock('/r', b)];
  expect(lockedWithout(locks, a, ['/q', '/r']).map(({ path }) => path)).toEqual(['/p', '/r']);
  expect(lockedWithout(locks, a, null).map(({ path }) => path)).toEqual(['/r']);
});

test('whatever is wished, let go and runs out, no two holders ever have overlapping paths', () => {
  const path = fc
    .array(fc.constantFrom('x', 'y', 'xy'), { minLength: 1, maxLength: 3 })
    .map((names) => `/${names.join('/')}`);
  const holder = fc.constantFrom(a, b, c);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('lock' as const),
      holder,
      paths: fc.array(path, { minLength: 1, maxLength: 3 }),
      lastsMs: fc.integer({ min: 1, max: 30 }),
    }),
    fc.record({ kind: fc.constant('release' as const), holder, paths: fc.option(fc.array(path, { maxLength: 2 })) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let locks: readonly Lock[] = [];
      let at = now;
      for (const each of steps) {
        if (each.kind === 'wait') at += each.ms;
        if (each.kind === 'release') locks = lockedWithout(locks, each.holder, each.paths);
        if (each.kind === 'lock') {
          const next = lockedWith(locks, { ...each, reason: null, until: at + each.lastsMs }, at);
          if (next.kind === 'locked') locks = next.locks;
        }
        const living = livingLocks(locks, at);
        for (const one of living)
          for (const other of living) expect(one.holder !== other.holder && overlaps(one.path, other.path)).toBe(false);
      }
    }),
  );
});
