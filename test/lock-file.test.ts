// npm leaves a platform's package out of the lock file when it cannot see it at that moment, and `npm ci` of another npm
// then refuses the whole lock file.
import { expect, test } from 'bun:test';
import lock from '../package-lock.json';
import manifest from '../package.json';

type Entry = { readonly version?: string; readonly optionalDependencies?: Readonly<Record<string, string>> };
const packages = lock.packages as Readonly<Record<string, Entry>>;

test('the lock file has every optional dependency of every package in it', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
  );
  expect(missing).toEqual([]);
});

test('the lock file has the versions that package.json pins', () => {
  const pinned = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  const locked = Object.fromEntries(
    Object.keys(pinned).map((name) => [name, packages[`node_modules/${name}`]?.version]),
  );
  expect(locked).toEqual(pinned);
});

function isLocked(path: string, name: string): boolean {
  return [`${path}/node_modules/${name}`, `node_modules/${name}`].some((candidate) => candidate in packages);
}
