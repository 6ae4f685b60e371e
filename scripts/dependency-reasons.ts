import manifest from '../package.json';

/** Why each dependency is there, in one line. A dependency without a reason fails `npm run check:docs`. */
const reasons: Readonly<Record<string, string>> = {
  '@clack/prompts': 'the prompts of the CLI',
  '@logtape/file': 'log files with rotation',
  '@logtape/logtape': 'structured logs, JSON lines, without dependencies of its own',
  'age-encryption': 'the vault: age files, readable with the age command line tool as well',
  '@modelcontextprotocol/sdk': 'the MCP server, over HTTP and stdio',
  commander: 'parses the command line',
  grammy: 'the Telegram bot',
  hono: "the control API; not on the gateway's path",
  kysely: 'one query layer over SQLite and PostgreSQL, with migrations up and down',
  'smol-toml': 'reads the config file and says where it is wrong',
  ws: 'WebSockets to providers: unlike the client built in, it tells how an upgrade was refused, and can be paused',
  zod: 'types, validation, JSON Schema and OpenAPI from one declaration',
  '@oven/bun-*': 'the runtime, as the prebuilt binary of each platform: no install script',
  '@types/bun': 'types of Bun and Node',
  '@types/ws': 'types of ws',
  'fast-check': 'property tests',
  knip: 'finds dead code, dead exports and unused dependencies',
  oxfmt: 'formats',
  oxlint: 'lints, boundaries between folders included',
  'oxlint-tsgolint': "the linter's rules that need types",
  typescript: 'checks types',
};

/** The table of docs/architecture.md, from package.json. */
export function dependencyTable(): string {
  const rows = [
    ...rowsOf(manifest.dependencies, 'runs'),
    ...rowsOf({ '@oven/bun-*': versionOfBun() }, 'runs'),
    ...rowsOf(manifest.devDependencies, 'develops'),
  ];
  return ['| dependency | version | used | reason |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function rowsOf(dependencies: Readonly<Record<string, string>>, use: 'runs' | 'develops'): string[] {
  return Object.entries(dependencies).map(
    ([name, version]) => `| \`${name}\` | ${version} | ${use} | ${reasonFor(name)} |`,
  );
}

export function reasonFor(name: string): string {
  const reason = Object.hasOwn(reasons, name) ? reasons[name] : undefined;
  if (reason === undefined) throw new Error(`Say in scripts/dependency-reasons.ts why ${name} is there.`);
  return reason;
}

function versionOfBun(): string {
  const versions = new Set(Object.values(manifest.optionalDependencies));
  if (versions.size !== 1) throw new Error('The builds of Bun in package.json differ in version.');
  return [...versions].join();
}
