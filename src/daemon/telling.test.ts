// The channels of a daemon, while files that its settings name come and go.
import { expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOperations } from '../../test/operation-rig.ts';
import { openOutboxRig } from '../../test/outbox-rig.ts';
import { temporaryFolder } from '../../test/temp-folder.ts';
import { openConfig } from '../config/live-config.ts';
import type { Notice } from '../core/notice.ts';
import { Telling } from './telling.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

async function open(pollMs: number) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const rig = opened.use(await openOperations());
  const outboxes = opened.use(await openOutboxRig());
  const path = join(folder.path, 'config.toml');
  const secretFile = join(folder.path, 'secret');
  const write = (more = ''): void =>
    writeFileSync(path, `[notices.webhook]\nurl = "http://127.0.0.1:9/"\nsecretFile = "${secretFile}"\n${more}`);
  write();
  const live = opened.adopt(await openConfig({ path, overrides: {}, tell: () => undefined }), (each) => each.stop());
  const bug = (error: unknown): void => {
    throw error;
  };
  const log = { info: () => undefined, warning: () => undefined, bug, setLevel: () => undefined };
  const told: Notice[] = [];
  let now = 0;
  let heard: () => void = () => undefined;
  const witness = {
    log,
    clock: () => (now += 1),
    audit: () => Promise.resolve(),
    addNotices(notices: readonly Notice[]) {
      told.push(...notices);
      heard();
    },
  };
  const telling = opened.adopt(
    new Telling({
      ...{ live, outbox: outboxes.open([]), witness, environment: {}, pollMs, clock: rig.context.clock },
      ...{ log: { ...log, close: () => Promise.resolve() }, context: rig.context },
      network: { fetch: (url, init) => fetch(url, init) },
    }),
    (each) => each.stop(),
  );
  await telling.start();
  const resources = opened.move();
  return {
    ...{ live, telling, told, write, secretFile },
    nextNotice: () => new Promise<void>((resolve) => void (heard = resolve)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

test('what is wrong is told once until it is mended, however many sections a save changes', async () => {
  await using rig = await open(60_000);
  expect(rig.told).toMatchObject([{ kind: 'config-refused', facts: { part: 'notices.webhook' } }]);
  rig.write('[notices.desktop]\nkinds = []\n[telegram]\nchats = [1]\n');
  await rig.live.reload();
  await rig.telling.settled();
  expect([rig.telling.faults.length, rig.told.length]).toEqual([1, 1]);
  writeFileSync(rig.secretFile, secret, { mode: 0o600 });
  await rig.telling.look();
  expect(rig.telling.faults).toEqual([]);
  rmSync(rig.secretFile);
  await rig.telling.look();
  expect(new Set(rig.told.map(({ id }) => id)).size).toBe(2);
});

test('a file that the settings name is noticed when it changes, by itself', async () => {
  await using rig = await open(5);
  writeFileSync(rig.secretFile, secret, { mode: 0o600 });
  await rig.telling.look();
  const told = rig.nextNotice();
  rmSync(rig.secretFile);
  await told;
  expect(rig.telling.faults).toMatchObject([
    { problem: { message: expect.stringContaining('does not exist') as string } },
  ]);
});
