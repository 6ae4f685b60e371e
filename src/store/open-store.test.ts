import { Database } from 'bun:sqlite';
import { expect, test } from 'bun:test';
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildPool, labelFrom } from '../../test/builders.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { describeAuditStore } from './audit-conformance.test.ts';
import { describeStore, populate } from './conformance.test.ts';
import { describeOutboxStore } from './outbox-conformance.test.ts';
import { openStore } from './open-store.ts';

const now = Date.UTC(2026, 10, 21, 7, 15, 30);

const makePlace = async () => {
  const folder = temporaryFolder();
  return {
    open: () => openStore(join(folder.path, 'stint.db'), { now }),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
};
describeStore('the store on SQLite', makePlace);
describeOutboxStore('the outbox on SQLite', makePlace);
describeAuditStore('the audit trail on SQLite', makePlace);

test('the database is readable by its owner only, its journal too', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  writeFileSync(path, '', { mode: 0o644 });
  const store = await openStore(path, { now });
  await populate(store);
  const modes = readdirSync(folder.path).map((name) => [name, statSync(join(folder.path, name)).mode & 0o777]);
  expect(Object.fromEntries(modes)).toEqual({ 'stint.db': 0o600, 'stint.db-wal': 0o600 });
  await store.close();
});

test('after closing the database is one file', async () => {
  using folder = temporaryFolder();
  const store = await openStore(join(folder.path, 'stint.db'), { now });
  await populate(store);
  await store.close();
  expect(readdirSync(folder.path)).toEqual(['stint.db']);
});

const damages: [string, (path: string) => void][] = [
  ['is not a database', (path) => writeFileSync(path, 'These are the notes of somebody. '.repeat(500))],
  ['has pages of noise', (path) => overwrite(path, 4096, Buffer.alloc(3 * 4096, 0xa5))],
  ['is cut off', (path) => truncateSync(path, 3 * 4096 + 100)],
];

for (const [what, damage] of damages) {
  test(`a database that ${what} is set aside whole, and a new one takes its place`, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'stint.db');
    const first = await openStore(path, { now });
    await populate(first);
    await first.close();
    damage(path);
    const damaged = readFileSync(path);

    const store = await openStore(path, { now });
    expect(store.setAside).toBe(`${path}.damaged-20261121T071530Z`);
    expect(readFileSync(store.setAside ?? '')).toEqual(damaged);
    expect((await store.load()).accounts).toEqual([]);
    await populate(store);
    await store.close();

    const reopened = await openStore(path, { now });
    expect(reopened.setAside).toBeNull();
    expect((await reopened.load()).accounts).toHaveLength(2);
    await reopened.close();
  });
}

test('two databases that are damaged within a second are both kept', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  const asides: (string | null)[] = [];
  for (const text of ['first', 'second', 'third']) {
    writeFileSync(path, `${text} `.repeat(1000));
    const store = await openStore(path, { now });
    asides.push(store.setAside);
    await store.close();
  }
  expect(asides.map((aside) => readFileSync(aside ?? '', 'utf8').split(' ')[0])).toEqual(['first', 'second', 'third']);
});

test('the journal of a damaged database is set aside with it', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  writeFileSync(path, 'no database '.repeat(1000));
  writeFileSync(`${path}-wal`, 'its journal');
  const store = await openStore(path, { now });
  expect(readFileSync(`${store.setAside ?? ''}-wal`, 'utf8')).toBe('its journal');
  expect((await store.load()).accounts).toEqual([]);
  await store.close();
});

test('a journal whose database was emptied is set aside and not deleted', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  writeFileSync(path, '');
  writeFileSync(`${path}-wal`, 'all that is left');
  const store = await openStore(path, { now });
  expect(readFileSync(`${store.setAside ?? ''}-wal`, 'utf8')).toBe('all that is left');
  await store.close();
});

test('a database from a newer Stint is refused and stays as it is', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  await (await openStore(path, { now })).close();
  const database = new Database(path);
  database.run(`INSERT INTO kysely_migration VALUES ('9999-future', '2030-01-01')`);
  database.close();
  const before = readFileSync(path);
  expect(openStore(path, { now })).rejects.toMatchObject({ code: 'conflict', hint: 'Upgrade Stint.' });
  expect(readFileSync(path)).toEqual(before);
});

test('a database of another program is refused and stays as it is', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  const database = new Database(path);
  database.run('CREATE TABLE accounts (name text)');
  database.close();
  expect(openStore(path, { now })).rejects.toMatchObject({ code: 'conflict' });
  const again = new Database(path);
  expect(again.query('SELECT name FROM sqlite_master').values()).toEqual([['accounts']]);
  again.close();
});

test('a folder that does not exist is a problem in words', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'none', 'stint.db');
  expect(openStore(path, { now })).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' });
});

test('a directory in place of the database is a problem and is not set aside', async () => {
  using folder = temporaryFolder();
  expect(openStore(folder.path, { now })).rejects.toMatchObject({ name: 'Problem', code: 'unavailable' });
});

test('a database that another process holds is refused, with its number where it is known', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  await using child = spawnWriter(path);
  await child.stdout.getReader().read();
  expect(openStore(path, { now, heldBy: child.pid })).rejects.toMatchObject({
    code: 'conflict',
    message: `The database ${path} is in use by process ${child.pid}.`,
    hint: 'stint down',
  });
  expect(openStore(path, { now })).rejects.toThrow('is in use by another process');
  child.kill('SIGKILL');
  await child.exited;
  await (await openStore(path, { now })).close();
});

test('every write that was acknowledged is there after kill -9', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  for (let round = 0; round < 5; round += 1) {
    await using child = spawnWriter(path);
    const acknowledged = await killAfterLines(child, 50 + round * 37);
    const store = await openStore(path, { now });
    expect(store.setAside).toBeNull();
    const saved = new Set((await store.load()).episodes.map((episode) => episode.id));
    expect(acknowledged.filter((id) => !saved.has(id))).toEqual([]);
    await store.close();
  }
});

function overwrite(path: string, position: number, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

/** A process that saves episodes as fast as it can, and prints the id of each once it is saved. */
function spawnWriter(path: string) {
  const program = `
    import { openStore } from ${JSON.stringify(join(import.meta.dir, 'open-store.ts'))};
    const store = await openStore(${JSON.stringify(path)}, { now: 0 });
    await store.savePools([${JSON.stringify(buildPool([], { name: labelFrom('default') }))}]);
    for (let count = 0; ; count += 1) {
      const id = process.pid + '-' + count;
      const began = { id, pool: 'default', family: null, exhaustedAt: count, recoveredAt: null };
      await store.saveEpisode({ ...began, model: null, verifiedBy: null, reset: null });
      process.stdout.write(id + '\\n');
    }`;
  return Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'inherit' });
}

/** Kills the process once it has printed so many lines, and returns all that it did print. */
async function killAfterLines(child: ReturnType<typeof spawnWriter>, count: number): Promise<string[]> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('\n').length > count) child.kill('SIGKILL');
  }
  await child.exited;
  return text.split('\n').slice(0, -1);
}
