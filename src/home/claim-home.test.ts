import { describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { claimHome, readHolder, type HomeClaim } from './claim-home.ts';
import { homeAt, type Home } from './open-home.ts';

const now = Date.UTC(2026, 10, 21, 7, 15, 30);
const since = '2026-11-21T07:15:30Z';
const claimant = { pid: process.pid, version: '1.2.3', now };

describe('a claimed home', () => {
  test('names its holder, and in stint.pid nothing but the pid', async () => {
    await using place = placeOfOne();
    await place.claim();
    expect(readFileSync(place.home.pid, 'utf8')).toBe(`${process.pid}\n`);
    expect(await readHolder(place.home)).toMatchObject({ pid: process.pid, version: '1.2.3', since });
    for (const path of [place.home.pid, place.home.holder]) expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('tells a second claimant who holds it since when', async () => {
    await using place = placeOfOne();
    await place.claim();
    await expect(place.claim()).rejects.toMatchObject({
      name: 'Problem',
      code: 'conflict',
      message: `Stint is already running in ${place.home.folder} as process ${process.pid} since ${since}.`,
      hint: 'Stop it with: stint down',
    });
    expect(readFileSync(place.home.pid, 'utf8')).toBe(`${process.pid}\n`);
  });

  test('stays closed to another process after a second claim from within was refused', async () => {
    await using place = placeOfOne();
    await place.claim();
    await expect(place.claim()).rejects.toThrow('already running');
    await using child = spawnClaimant(place.home);
    expect(await firstLine(child)).toContain(`as process ${process.pid} since ${since}`);
  });

  test('refuses a second claimant without a name while the first has not said it', async () => {
    await using place = placeOfOne();
    await place.claim();
    writeFileSync(place.home.holder, 'half a');
    await expect(place.claim()).rejects.toThrow(`Stint is already running in ${place.home.folder}.`);
  });

  test('waits a moment for the first to say its name', async () => {
    await using place = placeOfOne();
    await place.claim();
    const holder = readFileSync(place.home.holder, 'utf8');
    rmSync(place.home.holder);
    const second = place.claim();
    writeFileSync(place.home.holder, holder);
    await expect(second).rejects.toThrow(`as process ${process.pid} since ${since}.`);
  });

  test('goes to exactly one of several processes', async () => {
    await using place = placeOfOne();
    await using first = spawnClaimant(place.home);
    await using second = spawnClaimant(place.home);
    await using third = spawnClaimant(place.home);
    const answers = await Promise.all([first, second, third].map(firstLine));
    expect(answers.filter((answer) => answer === 'claimed')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('Stint is already running'))).toHaveLength(2);
  });

  test('stays closed when nobody keeps the claim but the operating system', async () => {
    await using place = placeOfOne();
    await using forgetful = spawnClaimant(place.home);
    expect(await firstLine(forgetful)).toBe('claimed');
    await expect(place.claim()).rejects.toThrow(`as process ${forgetful.pid} since ${since}`);
  });
});

describe('a released home', () => {
  test('tells of nobody and takes the next claimant', async () => {
    await using place = placeOfOne();
    const claim = await place.claim();
    writeFileSync(place.home.daemon, '{}');
    await claim.release();
    const { home } = place;
    expect([home.pid, home.holder, home.daemon].filter((path) => existsSync(path))).toEqual([]);
    expect(await readHolder(home)).toBeUndefined();
    await place.claim();
    expect(await readHolder(home)).toMatchObject({ pid: process.pid });
  });

  test('may be released again, and that takes nothing from the next holder', async () => {
    await using place = placeOfOne();
    const claim = await place.claim();
    await Promise.all([claim.release(), claim.release()]);
    await place.claim();
    await claim.release();
    expect(await readHolder(place.home)).toMatchObject({ pid: process.pid });
    await expect(place.claim()).rejects.toThrow('already running');
  });
});

describe('the holder that was killed', () => {
  test('stands in nobody’s way with the files that it left', async () => {
    await using place = placeOfOne();
    const pid = await killedHolder(place.home);
    expect(readFileSync(place.home.pid, 'utf8')).toBe(`${pid}\n`);
    expect(await readHolder(place.home)).toBeUndefined();
    writeFileSync(place.home.daemon, 'of the killed one');

    await place.claim();
    expect(readFileSync(place.home.pid, 'utf8')).toBe(`${process.pid}\n`);
    expect(await readHolder(place.home)).toMatchObject({ pid: process.pid });
    expect(existsSync(place.home.daemon)).toBe(false);
  });

  test('is not mistaken for the process that has its pid by now', async () => {
    await using place = placeOfOne();
    const pid = await killedHolder(place.home);
    const left = readFileSync(place.home.holder, 'utf8');
    writeFileSync(place.home.holder, left.replace(`"pid":${pid}`, `"pid":${process.pid}`));
    expect(JSON.parse(readFileSync(place.home.holder, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(await readHolder(place.home)).toBeUndefined();
  });
});

describe('reading the holder', () => {
  test('finds none in a home that nobody claimed', async () => {
    await using place = placeOfOne();
    expect(await readHolder(place.home)).toBeUndefined();
  });

  const damages = [
    '',
    '{',
    'null',
    '[]',
    '{"pid":1}',
    '{"pid":-1,"version":"1","since":"2026-11-21T07:15:30Z","start":""}',
  ];
  test.each(damages)('finds none in the damaged file %j', async (text) => {
    await using place = placeOfOne();
    writeFileSync(place.home.holder, text);
    expect(await readHolder(place.home)).toBeUndefined();
  });
});

describe('a home with something else in the place of its files', () => {
  test.each<[string, (path: string) => void, string]>([
    ['stint.lock', (path) => mkdirSync(path), 'cannot be the lock of the home: it cannot be opened as a file.'],
    [
      'stint.lock',
      (path) => writeFileSync(path, 'some text\n'.repeat(9)),
      'cannot be the lock of the home: it is not of Stint.',
    ],
    ['daemon.json', (path) => mkdirSync(path), 'cannot be removed: it is a directory.'],
    ['holder.json', (path) => mkdirSync(path), 'cannot be written: it is a directory.'],
  ])('cannot be claimed: %s', async (name, put, says) => {
    await using place = placeOfOne();
    const path = join(place.home.folder, name);
    put(path);
    await expect(place.claim()).rejects.toMatchObject({ name: 'Problem', message: `${path} ${says}` });
    rmSync(path, { recursive: true });
    await place.claim();
  });
});

/** A home whose claims are released with the scope. */
function placeOfOne() {
  const folder = temporaryFolder();
  const home = homeAt(folder.path);
  const claims: HomeClaim[] = [];
  return {
    home,
    claim: async () => {
      const claim = await claimHome(home, claimant);
      claims.push(claim);
      return claim;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(claims.map((claim) => claim.release()));
      folder[Symbol.dispose]();
    },
  };
}

/** A process that says `claimed`, forgets its claim and lives on, or says why it did not get the home. */
function spawnClaimant(home: Home) {
  const program = `
    import { claimHome } from ${JSON.stringify(join(import.meta.dir, 'claim-home.ts'))};
    import { homeAt } from ${JSON.stringify(join(import.meta.dir, 'open-home.ts'))};
    const home = homeAt(${JSON.stringify(home.folder)});
    const claimant = { pid: process.pid, version: '1.2.3', now: ${now} };
    const answer = await claimHome(home, claimant).then(() => 'claimed', (error) => error.message);
    Bun.gc(true);
    console.log(answer);
    setInterval(() => {}, 60_000);`;
  return Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe', stderr: 'inherit' });
}

async function firstLine(child: ReturnType<typeof spawnClaimant>): Promise<string> {
  const { value } = await child.stdout.getReader().read();
  return new TextDecoder().decode(value).trim();
}

/** Kills a process that held the home, and returns its pid. */
async function killedHolder(home: Home): Promise<number> {
  await using child = spawnClaimant(home);
  expect(await firstLine(child)).toBe('claimed');
  expect(await readHolder(home)).toMatchObject({ pid: child.pid });
  child.kill('SIGKILL');
  await child.exited;
  return child.pid;
}
