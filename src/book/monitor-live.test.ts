// The monitor beside a gateway whose provider is the simulator, with the runtime's own timers.
import { expect, test } from 'bun:test';
import { kindsIn } from '../../test/episode-rig.ts';
import { secretOf, startRig, type Rig } from '../../test/gateway-rig.ts';
import { labelOf } from '../core/ids.ts';
import { minuteMs } from '../core/time.ts';
import { providers } from '../providers/registry.ts';
import { Monitor } from './monitor.ts';
import { createProber } from './probe.ts';

test('100 retries of an exhausted pool are one notice, and its recovery is another, though no agent asks any more', async () => {
  await using rig = await startRig({ kind: 'api-key', pool: { probe: true, authResetTarget: 'openai-codex' } });
  using _ = startMonitor(rig);
  rig.simulator.inject({ kind: 'org_rate_limit', times: 'always', resetInSeconds: 60 });
  for (let round = 0; round < 2; round += 1) {
    const responses = await Promise.all(Array.from({ length: 100 }, (__, index) => rig.ask({ session: `s-${index}` })));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([429]));
    rig.advance(1000);
  }
  await rig.book.journal.written();
  expect(await kindsIn(rig.book.store)).toEqual(['pool-exhausted']);
  const before = rig.sends().length;
  rig.simulator.clearFaults();
  const recovered = rig.nextEvent(({ kind }) => kind === 'recovered');
  rig.advance(2 * minuteMs);
  expect(await recovered).toMatchObject({ episode: { verifiedBy: 'probe', model: 'claude-sonnet-4-5' } });
  await rig.book.journal.written();
  expect(await kindsIn(rig.book.store)).toEqual(['pool-exhausted', 'pool-recovered probe']);
  expect(rig.sends().length - before).toBe(1);
  expect(rig.book.resets()).toMatchObject([{ reset: { state: 'due', target: 'openai-codex' } }]);
  expect(rig.bugs).toEqual([]);
});

test('a probe that meets the limit again is no recovery, and the next one waits for the new time', async () => {
  await using rig = await startRig({ kind: 'api-key', accounts: ['a'], pool: { probe: true } });
  using _ = startMonitor(rig);
  rig.simulator.inject({ kind: 'org_rate_limit', times: 'always', resetInSeconds: 60 });
  await rig.ask();
  const closed = rig.nextEvent(({ kind }) => kind === 'closed');
  rig.advance(2 * minuteMs);
  await closed;
  expect(rig.sends()).toHaveLength(2);
  rig.simulator.clearFaults();
  const recovered = rig.nextEvent(({ kind }) => kind === 'recovered');
  rig.advance(5 * minuteMs);
  await recovered;
  await rig.book.journal.written();
  expect(await kindsIn(rig.book.store)).toEqual(['pool-exhausted', 'pool-recovered probe']);
  expect(rig.sends()).toHaveLength(3);
});

function startMonitor({ book }: Rig): Disposable {
  const credentials = {
    current: ({ id }: { id: Parameters<typeof labelOf>[0] }) => ({
      kind: 'api-key',
      secret: secretOf(labelOf(id), 'api-key'),
      scope: {},
    }),
  };
  const monitor = new Monitor({
    book,
    usage: { covers: () => false, askNow: () => Promise.resolve() },
    prober: createProber({ book, credentials, providers, fetch }),
    bug: (error) => {
      throw error;
    },
  });
  monitor.start();
  return { [Symbol.dispose]: () => monitor.stop() };
}
