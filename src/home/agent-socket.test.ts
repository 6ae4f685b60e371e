import { describe, expect, test } from 'bun:test';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { openAgentSocket, prepareAgentSocket } from './agent-socket.ts';

describe('the agents’ socket', () => {
  test('takes the place of one that was left behind, and lets every user connect', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'agent.sock');
    await prepareAgentSocket(path);
    await killedListener(path);
    expect(existsSync(path)).toBe(true);
    await prepareAgentSocket(path);
    expect(existsSync(path)).toBe(false);
    const server = Bun.serve({ unix: path, fetch: () => new Response('again') });
    await openAgentSocket(path);
    expect(statSync(path).mode & 0o777).toBe(0o666);
    await server.stop(true);
  });

  test('never takes the place of one that is in use', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'agent.sock');
    const server = Bun.serve({ unix: path, fetch: () => new Response('here') });
    expect(await failure(path)).toMatchObject({ code: 'conflict', message: `Somebody listens on ${path} already.` });
    expect(existsSync(path)).toBe(true);
    await server.stop(true);
  });

  test('never takes the place of a file', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'notes.txt');
    writeFileSync(path, 'mine');
    expect(await failure(path)).toMatchObject({ code: 'conflict', hint: expect.stringContaining('agent.socket') });
    expect(existsSync(path)).toBe(true);
  });

  test('needs a folder', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'none', 'agent.sock');
    expect(await failure(path)).toMatchObject({ code: 'invalid', hint: expect.stringContaining('mkdir -p') });
  });

  test('cannot be at a path that is too long', async () => {
    expect(await failure(`/${'x'.repeat(103)}`)).toMatchObject({ code: 'invalid' });
  });
});

async function failure(path: string): Promise<unknown> {
  return prepareAgentSocket(path).then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}

/** Leaves a socket behind, as a kill -9 does. */
async function killedListener(path: string): Promise<void> {
  const script = `Bun.serve({ unix: ${JSON.stringify(path)}, fetch: () => new Response() }); console.log('listening');`;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'ignore' });
  for await (const _ of child.stdout) break;
  child.kill('SIGKILL');
  await child.exited;
}
