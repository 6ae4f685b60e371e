import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { CrashArguments } from '../../test/outbox-crash.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import type { Notice } from '../core/notice.ts';
import { openStore } from '../store/open-store.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const program = join(import.meta.dir, '../../test/outbox-crash.ts');

test('a notice whose receiver took it just before kill -9 comes again under the same id, and what was noted does not', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'stint.db');
  const store = await openStore(path, { now: 0 });
  const at = Date.now();
  const noticeOf = (id: string): Notice => ({ id, kind: 'pool-exhausted', thread: id, at, facts: {} });
  await store.addNotices(['first', 'second', 'third'].map(noticeOf));
  await store.close();

  const got: (string | null)[] = [];
  let onSecond: (() => void) | undefined;
  await using server = Object.assign(
    Bun.serve({
      port: 0,
      development: false,
      fetch: (request) => {
        got.push(request.headers.get('webhook-id'));
        if (got.length === 2) onSecond?.();
        return new Response();
      },
    }),
    { [Symbol.asyncDispose]: () => server.stop(true) },
  );
  const args: CrashArguments = [path, server.url.href, secret];
  const spawn = () => Bun.spawn([process.execPath, program, ...args], { stdout: 'pipe', stderr: 'inherit' });

  {
    await using child = spawn();
    // Its answer is never read: the process is gone.
    onSecond = () => child.kill('SIGKILL');
    await child.exited;
  }
  onSecond = undefined;
  await using child = spawn();
  const decoder = new TextDecoder();
  let said = '';
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    if (said === 'told\ntold\n') child.kill('SIGKILL');
  }
  await child.exited;
  expect(got).toEqual(['first', 'second', 'second', 'third']);
  const after = await openStore(path, { now: 0 });
  expect(await after.openDeliveries()).toEqual([]);
  await after.close();
});
