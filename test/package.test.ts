// What `npm pack` makes, installed in a project of somebody else.
import { beforeAll, afterAll, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temp-folder.ts';

const root = join(import.meta.dir, '..');
const { version } = (await Bun.file(join(root, 'package.json')).json()) as { version: string };
let project: ReturnType<typeof temporaryFolder>;
let installed: string;

beforeAll(async () => {
  project = temporaryFolder();
  const modules = join(project.path, 'node_modules');
  installed = join(modules, 'stint');
  mkdirSync(installed, { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  const pack = await runCommand(['npm', 'pack', '--silent', '--pack-destination', project.path], { cwd: root });
  const tarball = join(project.path, pack.stdout.trim());
  expect(
    await runCommand(['tar', 'xzf', tarball, '-C', installed, '--strip-components=1'], { cwd: root }),
  ).toMatchObject({
    code: 0,
  });
}, 60_000);

afterAll(() => project[Symbol.dispose]());

// Bun takes the paths of the nearest tsconfig.json above a file, out of the project around node_modules as well.
test('the paths of the project’s own tsconfig.json do not reach into it', async () => {
  await Bun.write(join(project.path, 'hostile.ts'), `console.error('the hostile module ran');`);
  await Bun.write(
    join(project.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { paths: { '*': ['./hostile.ts'] } } }),
  );
  const run = await runCommand(['node', join(installed, 'bin/stint.mjs'), '--version'], { cwd: project.path });
  expect(run).toMatchObject({ stdout: `${version}\n`, stderr: '', code: 0 });
});

test('it holds what it needs and no tests', () => {
  const files = readdirSync(installed, { recursive: true }).map(String);
  expect(readdirSync(installed).toSorted()).toEqual([
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'docs', 'package.json', 'src'],
  ]);
  expect(files.filter((file) => /\.test\.ts$|tsconfig\.json$/.test(file) && !file.startsWith('bin/'))).toEqual([]);
});
