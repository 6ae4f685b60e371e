// Runs .ci/run in packages whose scripts only print, and reads the line it ends with.
import { beforeAll, expect, test } from 'bun:test';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temp-folder.ts';

const summary = (pass: number, fail: number) => `printf '\\n %d pass\\n %d fail\\n' ${pass} ${fail} >&2`;
const green = { check: 'npm run check:types && npm run check:lint && npm run test:unit', 'check:types': 'true' };

const packages = {
  green: { ...green, 'check:lint': 'true', 'test:unit': summary(12, 0) },
  'with a failed check': { ...green, 'check:lint': 'echo bad; false', 'test:unit': summary(12, 0) },
  'with failed tests': { ...green, 'check:lint': 'true', 'test:unit': `${summary(10, 3)}; false` },
  'with an error between tests': {
    ...green,
    'check:lint': 'true',
    'test:unit': `${summary(10, 0)}; echo ' 1 error'; false`,
  },
  'with a crashed suite': { ...green, 'check:lint': 'true', 'test:unit': 'kill -9 $$' },
  'with a suite that fails after its summary': {
    ...green,
    'check:lint': 'true',
    'test:unit': `${summary(5, 0)}; false`,
  },
  'without tests': { ...green, 'check:lint': 'true', check: 'npm run check:lint' },
  'that cannot be installed': { check: 'echo no network >&2; false' },
  'with agent tests': { ...green, 'check:lint': 'true', 'test:unit': summary(1, 0), 'test:agents': summary(2, 0) },
  'with failed agent tests': {
    ...green,
    'check:lint': 'true',
    'test:unit': summary(1, 0),
    'test:agents': `${summary(1, 1)}; false`,
  },
};

const ends = new Map<string, { line: string | undefined; code: number | null }>();

beforeAll(async () => {
  await Promise.all(Object.entries(packages).map(async ([name, scripts]) => ends.set(name, await runIn(scripts))));
}, 60_000);

test.each([
  ['green', '14 passed, 0 failed', 0],
  ['with a failed check', '1 passed, 1 failed', 1],
  ['with failed tests', '12 passed, 3 failed', 1],
  ['with an error between tests', '12 passed, 1 failed', 1],
  ['with a crashed suite', '2 passed, 1 failed', 1],
  ['with a suite that fails after its summary', '7 passed, 1 failed', 1],
  ['without tests', '1 passed, 1 failed', 1],
  ['that cannot be installed', '0 passed, 1 failed', 1],
  ['with agent tests', '5 passed, 0 failed', 0],
  ['with failed agent tests', '4 passed, 1 failed', 1],
])('a package %s ends with "%s" and exit code %d', (name, line, code) => {
  expect(ends.get(name)).toEqual({ line, code });
});

async function runIn(scripts: Readonly<Record<string, string>>) {
  using folder = temporaryFolder();
  cpSync(join(import.meta.dir, '../.ci'), join(folder.path, '.ci'), { recursive: true });
  const manifest = { name: 'stint', version: '0.1.0', scripts: { test: 'npm run check', ...scripts } };
  await Bun.write(join(folder.path, 'package.json'), JSON.stringify(manifest));
  if ('test:agents' in scripts) await Bun.write(join(folder.path, 'agent-tests/one.test.ts'), '');
  const { stdout, code } = await runCommand([join(folder.path, '.ci/run')], { cwd: '/' });
  return { line: stdout.trimEnd().split('\n').at(-1), code };
}
