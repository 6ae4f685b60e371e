// Writes what can be generated: the blocks between `<!-- generated:NAME -->` and `<!-- /generated -->` in docs, the
// schema of config.toml, and the linter's boundaries. With --check it writes nothing and fails when something is stale.
import { Glob } from 'bun';
import { editorSchema } from '../src/config/editor-schema.ts';
import { dependencyTable } from './dependency-reasons.ts';
import { boundaryFile, importTable, importTableAsMarkdown } from './import-table.ts';
import { configTable, operationTable, problemTable } from './surface-tables.ts';
import { fillBlocks, unusedGenerators, type Generators } from './generated-blocks.ts';

/** One function per block name. */
const generators: Generators = {
  dependencies: dependencyTable,
  imports: () => importTableAsMarkdown(importTable),
  config: configTable,
  operations: operationTable,
  problems: problemTable,
};

const stale = await update(process.argv.includes('--check'));
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run: npm run docs`);
  process.exit(1);
}

/** Returns the stale files; writes them anew unless it only checks. */
async function update(checkOnly: boolean): Promise<string[]> {
  const root = new URL('../', import.meta.url);
  const stale: string[] = [];
  for (const [name, text] of await wanted(root)) {
    const file = Bun.file(new URL(name, root));
    if ((await file.exists()) && (await file.text()) === text) continue;
    if (checkOnly) stale.push(name);
    else await file.write(text);
  }
  return stale;
}

async function wanted(root: URL): Promise<Map<string, string>> {
  const texts = new Map([
    ['.oxlintrc.boundaries.json', boundaryFile(importTable)],
    ['docs/config.schema.json', editorSchema()],
  ]);
  for await (const name of new Glob('**/*.md').scan(new URL('docs', root).pathname)) {
    const path = `docs/${name}`;
    texts.set(path, await fillBlocks(await Bun.file(new URL(path, root)).text(), generators));
  }
  for (const name of unusedGenerators([...texts.values()], generators))
    throw new Error(`No block is called "${name}".`);
  return texts;
}
