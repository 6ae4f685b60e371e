// Shows each guard fail once: what the compiler and the linter are there to refuse is written into a copy of the
// project's configuration, and one run of each must report every line of it.
import { beforeAll, describe, expect, test } from 'bun:test';
import { cpSync, existsSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { importTable } from '../scripts/import-table.ts';
import { runCommand } from './run-command.ts';
import { temporaryFolder } from './temp-folder.ts';

const root = join(import.meta.dir, '..');

describe('the compiler keeps input and output out of core', () => {
  const refused = {
    process: `export const home = process.env['HOME'];`,
    fetch: `export const page = fetch('http://localhost');`,
    timer: `export const timer = setTimeout(() => {}, 1);`,
    'node-module': `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;`,
    bun: `export const runtime = Bun.version;`,
    console: `console.log('hello');`,
    dom: `export const page = document.title;`,
    enum: `export enum Colour { red }`,
    unchecked: `export const first: string = ['a'][0];`,
  };
  const accepted = {
    temporal: `export const day = Temporal.PlainDate.from('2026-11-21').add({ days: 1 });`,
    zod: `import { z } from 'zod';\nexport const name = z.string();`,
  };
  let reports: ReadonlySet<string>;

  beforeAll(async () => {
    using copy = copyOfConfiguration();
    for (const [name, code] of Object.entries({ ...refused, ...accepted })) {
      await Bun.write(join(copy.path, `src/core/${name}.ts`), `${code}\n`);
    }
    const tsc = await runCommand([join(root, 'node_modules/.bin/tsc'), '-p', 'src/core'], { cwd: copy.path });
    reports = new Set([...tsc.stdout.matchAll(/^src\/core\/(.+)\.ts\(/gm)].map((match) => match[1] ?? ''));
  });

  test.each(Object.keys(refused))('%s does not compile', (name) => expect(reports).toContain(name));
  test.each(Object.keys(accepted))('%s compiles', (name) => expect(reports).not.toContain(name));
});

describe('the linter', () => {
  type Sample = { readonly file: string; readonly code: string };
  type Report = { readonly file: string; readonly rule: string };

  const refused: readonly (Sample & { readonly rule: string })[] = [
    // Every way to write an import.
    ...[
      `import { x } from '../store/x.ts';`,
      `import type { X } from '../store/x.ts';`,
      `import '../store/x.ts';`,
      `export * from '../store/x.ts';`,
      `export { x } from '../store/x.ts';`,
      `export const x = import('../store/x.ts');`,
      `import x = require('../store/x.ts');`,
      `import './../store/x.ts';`,
      `import '../core/../store/x.ts';`,
      `import '../main.ts';`,
      `import '../../test/setup.ts';`,
      `import 'kysely';`,
      `import 'node:process';`,
      `import 'process';`,
    ].map((code, index) => boundary(`gateway/import-form-${index}.ts`, code)),
    boundary('gateway/deep/import.ts', `import '../../store/x.ts';`),
    boundary('gateway/deep/deeper/import.ts', `import '../../../store/x.ts';`),

    // Every row of the table.
    boundary('core/imports-lib.ts', `import '../lib/sse.ts';`),
    // Bun's types bring every global along, so that here the compiler would not help.
    boundary('core/imports-bun.ts', `import { sleep } from 'bun';`),
    boundary('core/limit/imports-node.ts', `import 'node:fs';`),
    boundary('lib/imports-core.ts', `import '../core/ids.ts';`),
    boundary('log/imports-store.ts', `import '../store/x.ts';`),
    boundary('home/imports-store.ts', `import '../store/x.ts';`),
    boundary('config/imports-book.ts', `import '../book/x.ts';`),
    boundary('providers/imports-vendor.ts', `import '../gateway/x.ts';`),
    boundary('providers/anthropic/imports-sibling.ts', `import '../openai/x.ts';`),
    boundary('providers/anthropic/imports-store.ts', `import '../../store/x.ts';`),
    boundary('agents/imports-book.ts', `import '../book/x.ts';`),
    boundary('agent-tools/imports-supervisor.ts', `import '../supervisor/supervisor.ts';`),
    boundary('agents/claude/imports-sibling.ts', `import '../codex/x.ts';`),
    boundary('vault/imports-store.ts', `import '../store/x.ts';`),
    boundary('vault/imports-kysely.ts', `import 'kysely';`),
    boundary('containers/imports-book.ts', `import '../book/x.ts';`),
    boundary('auth-reset/imports-gateway.ts', `import '../gateway/x.ts';`),
    boundary('audit/imports-store.ts', `import '../store/x.ts';`),
    boundary('notices/imports-book.ts', `import '../book/x.ts';`),
    boundary('service/imports-daemon.ts', `import '../daemon/x.ts';`),
    boundary('store/imports-book.ts', `import '../book/x.ts';`),
    boundary('store/imports-age.ts', `import 'age-encryption';`),
    boundary('book/imports-gateway.ts', `import '../gateway/x.ts';`),
    boundary('book/imports-vendor.ts', `import '../providers/anthropic/x.ts';`),
    boundary('book/imports-sqlite.ts', `import 'bun:sqlite';`),
    boundary('gateway/imports-operations.ts', `import '../operations/x.ts';`),
    boundary('gateway/imports-hono.ts', `import 'hono';`),
    boundary('operations/imports-book.ts', `import '../book/x.ts';`),
    boundary('operations/account/imports-store.ts', `import '../../store/x.ts';`),
    boundary('surfaces/imports-store.ts', `import '../store/x.ts';`),
    boundary('surfaces/mcp/imports-rest.ts', `import '../rest/x.ts';`),
    boundary('surfaces/mcp/imports-hono.ts', `import 'hono';`),
    boundary('surfaces/telegram/imports-rest.ts', `import '../rest/x.ts';`),
    boundary('surfaces/rest/imports-commander.ts', `import 'commander';`),
    boundary('surfaces/rest/imports-store.ts', `import '../../store/x.ts';`),
    boundary('surfaces/cli/imports-hono.ts', `import 'hono';`),
    boundary('surfaces/cli/imports-rest.ts', `import '../rest/x.ts';`),
    boundary('simulator/imports-core.ts', `import '../core/ids.ts';`),
    boundary('simulator/anthropic/imports-provider.ts', `import '../../providers/anthropic/x.ts';`),
    boundary('demo/imports-daemon.ts', `import '../daemon/daemon.ts';`),
    boundary('profiles/imports-book.ts', `import '../book/book.ts';`),
    boundary('supervisor/imports-store.ts', `import '../store/x.ts';`),
    boundary('supervisor/imports-book.ts', `import '../book/book.ts';`),
    boundary('processes/imports-supervisor.ts', `import '../supervisor/supervisor.ts';`),
    boundary('daemon/imports-cli.ts', `import '../surfaces/cli/cli.ts';`),
    boundary('nobody-knows/imports-core.ts', `import '../core/ids.ts';`),
    boundary('beside-main.ts', `import './core/ids.ts';`),

    { file: 'core/date-now.ts', code: `export const x = Date.now();`, rule: 'no-restricted-properties' },
    { file: 'core/taken-now.ts', code: `export const { now } = Date;`, rule: 'no-restricted-properties' },
    { file: 'core/random.ts', code: `export const x = Math.random();`, rule: 'no-restricted-properties' },
    { file: 'core/limit/now.ts', code: `export const x = Temporal.Now.instant();`, rule: 'no-restricted-properties' },
    { file: 'book/process.ts', code: `export const x = process.env;`, rule: 'no-restricted-globals' },
    { file: 'book/global-process.ts', code: `export const x = globalThis.process;`, rule: 'no-restricted-properties' },
    { file: 'book/bun-env.ts', code: `export const x = Bun.env;`, rule: 'no-restricted-properties' },
    { file: 'book/console.ts', code: `console.log('hello');`, rule: 'no-console' },
    { file: 'book/cycle-a.ts', code: `import { b } from './cycle-b.ts';\nexport const a = () => b;`, rule: 'no-cycle' },
    { file: 'book/cycle-b.ts', code: `import { a } from './cycle-a.ts';\nexport const b = () => a;`, rule: 'no-cycle' },
    { file: 'book/barrel.ts', code: `export * from './clean.ts';`, rule: 'no-barrel-file' },
    { file: 'book/default.ts', code: `export default 1;`, rule: 'no-default-export' },
    { file: 'book/any.ts', code: `export const x: any = 1;`, rule: 'no-explicit-any' },
    { file: 'book/floating.ts', code: `Bun.sleep(1);`, rule: 'no-floating-promises' },
    {
      file: 'book/switch.ts',
      code: `export function f(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n}`,
      rule: 'switch-exhaustiveness-check',
    },
    { file: 'book/camelCase.ts', code: `export const x = 1;`, rule: 'filename-case' },
    { file: 'book/bare-node.ts', code: `import 'fs';`, rule: 'prefer-node-protocol' },
    {
      file: 'book/parameters.ts',
      code: `export const f = (a = 1, b = 1, c = 1, d = 1) => a + b + c + d;`,
      rule: 'max-params',
    },
    { file: 'book/long.ts', code: 'void 0;\n'.repeat(401), rule: 'max-lines' },
    {
      file: 'book/deep.ts',
      code: `export function f(x: boolean) {\n  if (x) {\n    if (!x) {\n      if (x) {\n        if (!x) throw new Error();\n      }\n    }\n  }\n}`,
      rule: 'max-depth',
    },
  ];

  const accepted: readonly Sample[] = [
    {
      file: 'book/clean.ts',
      code: `import 'node:fs/promises';\nimport 'zod';\nimport '../lib/x.ts';\nimport '../providers/x.ts';`,
    },
    { file: 'core/clean.ts', code: `import 'zod';\nimport './limit/x.ts';\nexport const x = Date.UTC(2026, 10, 21);` },
    { file: 'core/limit/clean.ts', code: `import '../ids.ts';\nimport '../pool/x.ts';` },
    { file: 'gateway/deep/clean.ts', code: `import '../x.ts';\nimport '../other/x.ts';\nimport '../../book/x.ts';` },
    {
      file: 'gateway/deep/deeper/clean.ts',
      code: `import '../../x.ts';\nimport '../x.ts';\nimport '../../../core/ids.ts';`,
    },
    { file: 'providers/clean.ts', code: `import './anthropic/x.ts';\nimport '../core/ids.ts';` },
    { file: 'providers/anthropic/clean.ts', code: `import '../x.ts';\nimport './x.ts';\nimport '../../core/ids.ts';` },
    { file: 'store/clean.ts', code: `import 'kysely';\nimport 'bun:sqlite';` },
    {
      file: 'surfaces/rest/clean.ts',
      code: `import 'hono/streaming';\nimport '../../operations/x.ts';\nimport '../x.ts';`,
    },
    { file: 'surfaces/cli/clean.ts', code: `import 'commander';\nexport const width = process.stdout.columns;` },
    {
      file: 'gateway/clean.test.ts',
      code: `import '../store/x.ts';\nimport '../../test/x.ts';\nimport 'bun:test';\nimport 'fast-check';`,
    },
    { file: 'main.ts', code: `import './store/x.ts';\nimport '@logtape/logtape';\nexport const x = process.argv;` },
  ];
  let reports: readonly Report[];

  beforeAll(async () => {
    using copy = copyOfConfiguration();
    for (const { file, code } of [...refused, ...accepted]) await Bun.write(join(copy.path, 'src', file), `${code}\n`);
    const oxlint = [join(root, 'node_modules/.bin/oxlint'), '--type-aware', '--deny-warnings', '--format=unix'];
    reports = parseReports((await runCommand(oxlint, { cwd: copy.path })).stdout);
  });

  test.each(refused.map(({ file, code, rule }) => [rule, file, firstLine(code)] as const))(
    '%s refuses src/%s: %s',
    (rule, file) =>
      expect(reports.filter((report) => report.file === file).map((report) => report.rule)).toContain(rule),
  );

  test.each(accepted.map(({ file }) => file))('accepts src/%s', (file) =>
    expect(reports.filter((report) => report.file === file)).toEqual([]),
  );

  function boundary(file: string, code: string) {
    return { file, code, rule: 'no-restricted-imports' };
  }

  function firstLine(code: string): string {
    return code.split('\n', 1)[0] ?? '';
  }

  function parseReports(output: string): Report[] {
    return [...output.matchAll(/^src\/(.+?):\d+:\d+: .*\[\w+\/[\w-]+\((.+)\)\]$/gm)].map((match) => ({
      file: match[1] ?? '',
      rule: match[2] ?? '',
    }));
  }
});

describe('every folder', () => {
  test('of src has a row in the import table', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const rows = importTable.map((row) => row.folder);
    expect(folders.map((folder) => folder.name).filter((name) => !rows.includes(name))).toEqual([]);
  });

  test('of the import table has a guard above', async () => {
    const samples = await Bun.file(import.meta.path).text();
    const unguarded = importTable.filter(
      (row) => !new RegExp(`boundary\\('${row.folder.replace('*', '[a-z]+')}/`).test(samples),
    );
    expect(unguarded.map((row) => row.folder)).toEqual([]);
  });
});

describe('core', () => {
  // The linter has no rule for a Date that is made of the clock.
  const readsClock = /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(]))|(?<!\bnew\s+)\bDate\s*\(/;

  test.each(['new Date()', 'new Date ( )', 'new Date;', 'x = Date()', 'new Date'])(
    '%j is seen as reading the clock',
    (code) => expect(code).toMatch(readsClock),
  );
  test.each(['new Date(0)', 'new Date(\n  now,\n)', 'Date.UTC(2026)', 'parseHttpDate()'])('%j is not', (code) =>
    expect(code).not.toMatch(readsClock),
  );

  test('makes no Date of the clock', async () => {
    const core = join(root, 'src/core');
    const files = [...new Bun.Glob('**/*.ts').scanSync(core)].filter((file) => !file.endsWith('.test.ts'));
    const texts = await Promise.all(files.map((file) => Bun.file(join(core, file)).text()));
    expect(files.filter((_, index) => readsClock.test(texts[index] ?? ''))).toEqual([]);
  });
});

/** A folder with the project's own configuration and none of its code. */
function copyOfConfiguration() {
  const folder = temporaryFolder();
  const files = ['package.json', 'tsconfig.json', 'tsconfig.base.json', 'src/core/tsconfig.json'];
  for (const file of [...files, '.oxlintrc.json', '.oxlintrc.boundaries.json']) {
    if (!existsSync(join(root, file))) throw new Error(`${file} has moved.`);
    cpSync(join(root, file), join(folder.path, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
  return folder;
}
