import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { Database } from 'bun:sqlite';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultInput } from '../src/simulator/anthropic/fault.ts';
import { startAnthropicSimulator, type Simulator } from '../src/simulator/anthropic/simulator.ts';
import { openPlace, type Place } from '../test/daemon-rig.ts';
import { configure, eventually, openShared, phantomOf, succeed, type Shared } from './agent.ts';
import { startEngine, type Engine } from './engine.ts';
import { describeWithEngine } from './suite.ts';

const tokenSecret = 'sk-ant-oat01-test-of-a-container';
const keySecret = 'sk-ant-api03-test-of-a-container';
const call = '10000:10000 auth reset openai-codex';

let engine: Engine;
let shared: Shared;

describeWithEngine('a pool that recovers', () => {
  beforeAll(async () => {
    engine = await startEngine();
    shared = openShared(engine.folder);
    const socketFolder = join(engine.folder, 'agent');
    mkdirSync(socketFolder);
    await engine.run('box', '--volume', `${socketFolder}:/run/stint`, ...shared.options);
  }, 60_000);
  afterAll(() => engine[Symbol.asyncDispose]());

  beforeEach(() => {
    for (const name of ['asked', 'calls', 'reset', 'wait']) rmSync(join(shared.path, name), { force: true });
  });

  test('has its agent’s login reset in the container once, and sees that it asks again', async () => {
    await using stage = await openStage();
    const phantom = await exhaust(stage);
    await recover(stage, phantom);
    expect(await shared.until('asked', 2)).toEqual(['429', '200']);
    await noResetsLeft(stage.place);
    expect(shared.lines('calls')).toEqual([call]);
    expect(await audited(stage.place)).toMatchObject([
      {
        surface: 'daemon',
        actor: 'stint',
        subject: 'anthropic',
        outcome: 'done',
        detail: 'hermes auth reset openai-codex in box as 10000:10000 ended with 0: Reset status on 1 credentials',
      },
    ]);
    await succeed(stage.place, ['down']);
    expect(stored(stage.place)).toEqual([{ id: expect.stringMatching(/:reset$/), kind: 'auth-reset-done' }]);
  });

  test('is not reset again after a kill -9 while the command ran: the agent’s request tells', async () => {
    await using stage = await openStage();
    writeFileSync(join(shared.path, 'wait'), '');
    const phantom = await exhaust(stage);
    await recover(stage, phantom);
    expect(await shared.until('calls', 1)).toEqual([call]);
    process.kill(Number(stage.place.read('stint.pid')), 'SIGKILL');
    await stage.ended();
    rmSync(join(shared.path, 'wait'));
    await stage.up();
    expect(await shared.until('asked', 2)).toEqual(['429', '200']);
    await noResetsLeft(stage.place);
    await succeed(stage.place, ['down']);
    expect(shared.lines('calls')).toEqual([call]);
    expect(stored(stage.place)).toEqual([{ id: expect.stringMatching(/:reset$/), kind: 'auth-reset-done' }]);
  });

  test('is found out by a probe when its agent is silent, and the reset makes it ask again', async () => {
    await using stage = await openStage(keySecret);
    await succeed(stage.place, ['pool', 'set', 'anthropic', '--probe']);
    await exhaust(stage, { kind: 'org_rate_limit', resetInSeconds: 10 });
    expect(await shared.until('asked', 2)).toEqual(['429', '200']);
    await noResetsLeft(stage.place);
    expect(shared.lines('calls')).toEqual([call]);
    // The agent's, the probe, and the agent's again.
    expect(stage.simulator.requests.map(({ status }) => status)).toEqual([429, 200, 200]);
  });

  test('without a target has nothing run', async () => {
    await using stage = await openStage();
    await succeed(stage.place, ['pool', 'set-auth-reset', 'anthropic', '']);
    const phantom = await exhaust(stage);
    await recover(stage, phantom);
    await noResetsLeft(stage.place);
    await succeed(stage.place, ['down']);
    expect(shared.lines('calls')).toEqual([]);
    expect(stored(stage.place)).toEqual([]);
    writeFileSync(join(shared.path, 'reset'), '');
  });

  test('has it reset when somebody asks for it, too', async () => {
    await using stage = await openStage();
    const { stdout } = await succeed(stage.place, ['pool', 'reset-auth', 'anthropic', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ pool: 'anthropic', target: 'openai-codex' });
    expect(shared.lines('calls')).toEqual([call]);
    await engine.podman('stop', '--time', '0', 'box');
    const { code, stderr } = await stage.place.stint(['pool', 'reset-auth', 'anthropic']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('docker start box');
    await engine.podman('start', 'box');
  });
});

type Stage = AsyncDisposable & {
  readonly place: Place;
  readonly simulator: Simulator;
  up(): Promise<void>;
  /** Resolves when the daemon has ended. */
  ended(): Promise<unknown>;
};

/** A daemon with one account, whose pool has a target. */
async function openStage(secret = tokenSecret): Promise<Stage> {
  const place = openPlace();
  const simulator = startAnthropicSimulator({ scenario: { credentials: [{ name: 'a', secret }] } });
  configure(
    place,
    `[agent]\nsocket = "${join(engine.folder, 'agent', 'agent.sock')}"\n` +
      `[reset]\nruntime = "docker"\ncontainer = "box"\nsocket = "${engine.socket}"\n`,
  );
  let ended: Promise<unknown> = Promise.resolve();
  const up = async () => {
    const daemon = await place.up();
    ended = daemon.ended;
    if (!daemon.firstLine.startsWith('Stint is running')) throw new Error((await daemon.ended).stderr);
  };
  await up();
  await succeed(place, ['account', 'add', 'anthropic', 'a', '--base-url', simulator.url], secret);
  await succeed(place, ['pool', 'set-auth-reset', 'anthropic', 'openai-codex']);
  return {
    place,
    simulator,
    up,
    ended: () => ended,
    async [Symbol.asyncDispose]() {
      await place[Symbol.asyncDispose]();
      await ended;
      await simulator.stop();
    },
  };
}

/** Has the agent in the container meet a limit, after which it asks no more. */
async function exhaust({ place, simulator }: Stage, fault: FaultInput = { kind: 'five_hour' }): Promise<string> {
  simulator.inject(fault);
  const phantom = await phantomOf(place);
  const agent = ['bun', '/shared/agent.js', '/run/stint/agent.sock'];
  await engine.podman('exec', '--detach', '--env', `PHANTOM=${phantom}`, 'box', ...agent);
  expect(await shared.until('asked', 1)).toEqual(['429']);
  return phantom;
}

/** Another agent of the pool is served. */
async function recover({ place }: Stage, phantom: string): Promise<void> {
  await succeed(place, ['account', 'clear', 'a']);
  const asked = ['bun', '/shared/ask.js', '/run/stint/agent.sock'];
  expect(await engine.podman('exec', '--env', `PHANTOM=${phantom}`, 'box', ...asked)).toStartWith('200');
}

async function noResetsLeft(place: Place): Promise<void> {
  await eventually(async () => {
    const { stdout } = await succeed(place, ['pool', 'list', '--json']);
    const { pools } = JSON.parse(stdout) as { pools: { resets: unknown[] }[] };
    return pools.every(({ resets }) => resets.length === 0) ? true : undefined;
  }, 'the end of the reset');
}

async function audited(place: Place): Promise<unknown> {
  const { stdout } = await succeed(place, ['audit', 'list', '--kind', 'auth-reset.run', '--json']);
  return (JSON.parse(stdout) as { records: unknown }).records;
}

/** What a daemon that has ended left for people to be told about resets. */
function stored(place: Place): unknown[] {
  const database = new Database(join(place.home, 'stint.db'), { readonly: true });
  try {
    return database.query("select id, kind from notices where kind like 'auth-reset-%'").all();
  } finally {
    database.close();
  }
}
