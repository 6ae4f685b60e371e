/**
 * Who may import whom: the one place where a new module gets its row. The linter's boundaries (.oxlintrc.boundaries.json)
 * and the table in docs/architecture.md come from it; `npm run docs` writes both.
 */
type Row = {
  /** Below src/. `providers/*` stands for each folder in providers/, and such folders may not import one another. */
  readonly folder: string;
  /** What of ours it may import besides itself, below src/. A folder means all of it, `providers/*.ts` the files beside the vendors. */
  readonly ours: readonly string[];
  /** Modules from outside, besides Bun and node:*, which everybody but core may import. */
  readonly modules: readonly string[];
};

export const importTable: readonly Row[] = [
  { folder: 'core', ours: [], modules: ['zod'] },
  { folder: 'lib', ours: [], modules: [] },
  { folder: 'log', ours: ['core', 'lib'], modules: ['@logtape/**'] },
  { folder: 'home', ours: ['core', 'lib'], modules: ['zod', 'bun:sqlite'] },
  { folder: 'config', ours: ['core', 'lib'], modules: ['zod', 'smol-toml'] },
  { folder: 'providers', ours: ['core', 'lib'], modules: ['zod'] },
  { folder: 'providers/*', ours: ['core', 'lib', 'providers/*.ts'], modules: ['zod'] },
  { folder: 'agents', ours: ['core', 'lib'], modules: ['zod'] },
  { folder: 'agents/*', ours: ['core', 'lib', 'agents/*.ts'], modules: ['zod'] },
  { folder: 'vault', ours: ['core', 'lib'], modules: ['zod', 'age-encryption'] },
  {
    folder: 'store',
    ours: [
      ...['core', 'lib', 'book/ports.ts', 'audit/ports.ts', 'notices/ports.ts', 'supervisor/ports.ts'],
      'agent-tools/ports.ts',
    ],
    modules: ['zod', 'bun:sqlite', 'kysely', 'kysely/**'],
  },
  { folder: 'audit', ours: ['core', 'lib'], modules: [] },
  { folder: 'notices', ours: ['core', 'lib'], modules: [] },
  { folder: 'containers', ours: ['core', 'lib'], modules: ['zod'] },
  { folder: 'book', ours: ['core', 'lib', 'providers/*.ts'], modules: ['zod'] },
  { folder: 'auth-reset', ours: ['core', 'lib', 'book', 'containers'], modules: [] },
  { folder: 'gateway', ours: ['core', 'lib', 'providers/*.ts', 'book'], modules: ['zod', 'ws'] },
  { folder: 'operations', ours: ['core', 'lib'], modules: ['zod'] },
  { folder: 'agent-tools', ours: ['core', 'lib', 'operations'], modules: ['zod'] },
  { folder: 'surfaces', ours: ['core', 'lib', 'operations'], modules: ['zod'] },
  { folder: 'surfaces/*', ours: ['core', 'lib', 'operations', 'surfaces/*.ts'], modules: ['zod'] },
  {
    folder: 'surfaces/rest',
    ours: ['core', 'lib', 'operations', 'surfaces/*.ts'],
    modules: ['zod', 'hono', 'hono/**'],
  },
  {
    folder: 'surfaces/cli',
    ours: ['core', 'lib', 'operations', 'surfaces/*.ts'],
    modules: ['zod', 'commander', '@clack/prompts', 'node:process'],
  },
  {
    folder: 'surfaces/mcp',
    ours: ['core', 'lib', 'operations', 'agent-tools', 'surfaces/*.ts'],
    modules: ['zod', '@modelcontextprotocol/sdk/**'],
  },
  {
    folder: 'surfaces/telegram',
    ours: ['core', 'lib', 'operations', 'surfaces/*.ts'],
    modules: ['zod', 'grammy', 'grammy/**'],
  },
  { folder: 'service', ours: ['core', 'lib'], modules: [] },
  { folder: 'profiles', ours: ['core', 'lib', 'home', 'agents/*.ts'], modules: [] },
  { folder: 'simulator', ours: ['lib'], modules: ['zod'] },
  {
    folder: 'daemon',
    ours: [
      ...['core', 'lib', 'agents/*.ts', 'providers/*.ts', 'book', 'gateway', 'operations', 'surfaces/rest'],
      ...['surfaces/mcp', 'surfaces/telegram', 'audit', 'notices', 'containers', 'auth-reset'],
      ...['supervisor', 'processes', 'agent-tools'],
      'profiles',
      ...['store', 'vault', 'home', 'config', 'log'],
    ],
    modules: [],
  },
  { folder: 'supervisor', ours: ['core', 'lib', 'agents/*.ts'], modules: [] },
  { folder: 'processes', ours: ['core', 'lib', 'supervisor/ports.ts', 'supervisor/watch-ports.ts'], modules: [] },
  { folder: 'demo', ours: ['core', 'lib', 'home', 'operations', 'simulator'], modules: [] },
];

/** Folders below a module's own folder that the boundaries reach; a deeper file may import nothing, and its error says so. */
const depthOfFolders = 2;

/** The text of .oxlintrc.boundaries.json, one boundary a line. */
export function boundaryFile(table: readonly Row[]): string {
  const lines = boundaries(table).map((boundary) => `  ${JSON.stringify(boundary)}`);
  return `// Written by \`npm run docs\` from scripts/import-table.ts.\n{ "overrides": [\n${lines.join(',\n')}\n] }\n`;
}

/** The linter's boundaries as `overrides`; everything that no row allows is refused, a folder without a row included. */
function boundaries(table: readonly Row[]): object[] {
  return [
    override('src/**/*.{ts,tsx}', [], 'No row of scripts/import-table.ts covers this file.'),
    ...table.flatMap((row) => Array.from({ length: depthOfFolders + 1 }, (_, depth) => boundary(row, depth))),
    { files: ['src/main.ts', '**/*.test.ts', '**/*.test.tsx'], rules: { 'no-restricted-imports': 'off' } },
  ];
}

function boundary(row: Row, depth: number): object {
  const own = ['./**', ...Array.from({ length: depth }, (_, index) => '../'.repeat(index + 1)).flatMap(insideOf)];
  const ours = row.ours.map((target) => '../'.repeat(depth) + relativePattern(row.folder, target));
  const platform = row.folder === 'core' ? [] : ['bun', 'node:*', 'node:*/**'];
  return override(
    `src/${row.folder}/${'*/'.repeat(depth)}*.{ts,tsx}`,
    [...own, ...ours, ...platform, ...row.modules],
    `src/${row.folder} may import ${nameList(row)}. The table is scripts/import-table.ts.`,
  );
}

/** Only the shortest way there is allowed: from `providers/x` to `providers/*.ts` it is `../*.ts`. */
function relativePattern(folder: string, target: string): string {
  const from = folder.split('/');
  const to = (target.endsWith('.ts') ? target : `${target}/**`).split('/');
  const shared = from[0] === to[0] ? 1 : 0;
  return '../'.repeat(from.length - shared) + to.slice(shared).join('/');
}

/** Without a leading dot, so that `../` does not also allow `../../`. */
function insideOf(folder: string): string[] {
  return [`${folder}[!.]*`, `${folder}[!.]*/**`];
}

function override(files: string, allowed: readonly string[], message: string): object {
  const processImport = allowed.includes('node:process') ? [] : ['node:process'];
  const patterns = [
    { regex: '(^\\./|[^./]/)\\.\\.(/|$)', message: 'Write the path without a detour.' },
    { group: ['**', ...allowed.map((pattern) => `!${pattern}`), ...processImport], message },
  ];
  return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

/** The table of docs/architecture.md. */
export function importTableAsMarkdown(table: readonly Row[]): string {
  const rows = table.map(
    (row) =>
      `| ${code(row.folder)} | ${row.ours.map(code).join(', ') || '-'} | ${row.modules.map(code).join(', ') || '-'} |`,
  );
  return ['| folder | may import of ours, besides itself | modules |', '| --- | --- | --- |', ...rows].join('\n');
}

function nameList(row: Row): string {
  return ['itself', ...row.ours, ...row.modules].join(', ');
}

function code(name: string): string {
  return `\`${name}\``;
}
