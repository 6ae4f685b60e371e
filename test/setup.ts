// Loaded before every `bun test`: fails the test that leaves temporary files, child processes or listening sockets behind.
// What a beforeAll made is there before the test, so it is nobody's leak until the end of the run.
import { afterAll, afterEach, beforeEach } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { held, leakedSince } from './leaks.ts';

// A folder of this run alone: nobody else's files are in it, and what the code under test leaves there is seen as well.
const home = mkdtempSync(join(tmpdir(), 'stint-test-'));
process.env['TMPDIR'] = home;

const beforeAllTests = held();
let beforeTest = beforeAllTests;

beforeEach(() => {
  beforeTest = held();
});

afterEach(async () => {
  const leaked = await leakedSince(beforeTest);
  if (leaked.length > 0) throw new Error(`The test left behind: ${leaked.join(', ')}.`);
});

afterAll(async () => {
  const leaked = await leakedSince(beforeAllTests);
  rmSync(home, { recursive: true, force: true });
  if (leaked.length > 0) throw new Error(`The run left behind: ${leaked.join(', ')}.`);
});
