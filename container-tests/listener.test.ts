import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { agentExecutable } from '../agent-tests/agent-executable.ts';
import { startAnthropicSimulator, type Simulator } from '../src/simulator/anthropic/simulator.ts';
import { openPlace, type Place } from '../test/daemon-rig.ts';
import { runCommand } from '../test/run-command.ts';
import { configure, openShared, phantomOf, succeed, type Shared } from './agent.ts';
import { startEngine, type Engine } from './engine.ts';
import { describeWithEngine } from './suite.ts';

const secret = 'sk-ant-api03-test-of-a-container';
const hello = /^200 .*hello/;

let engine: Engine;
let gateway: string;
let shared: Shared;
let place: Place;
let simulator: Simulator;

describeWithEngine('an agent in a container reaches the gateway', () => {
  beforeAll(async () => {
    engine = await startEngine();
    shared = openShared(engine.folder);
    // A folder, not the socket itself: the next daemon's is another file.
    const socketFolder = join(engine.folder, 'agent');
    mkdirSync(socketFolder);
    const options = ['--user', '10000:10000', ...shared.options];
    await engine.run('alone', '--network', 'none', '--volume', `${socketFolder}:/run/stint`, ...options);
    await engine.run('bridged', '--network', 'bridge', ...options);
    const claude = realpathSync(await agentExecutable('claude'));
    const home = ['--env', 'HOME=/shared', '--workdir', '/shared'];
    await engine.run(
      'claude',
      ...['--network', 'none', '--volume', `${socketFolder}:/run/stint`, '--volume', `${claude}:/bin/claude:ro`],
      ...[...home, ...options],
    );
    gateway = (await engine.podman('inspect', '--format', '{{.NetworkSettings.Gateway}}', 'bridged')).trim();
  }, 600_000);
  afterAll(() => engine[Symbol.asyncDispose]());

  beforeEach(() => {
    place = openPlace();
    simulator = startAnthropicSimulator({ scenario: { credentials: [{ name: 'a', secret }] } });
  });
  afterEach(async () => {
    await place[Symbol.asyncDispose]();
    await simulator.stop();
  });

  test('over a mounted socket without any network, and over that of the next daemon', async () => {
    const phantom = await serve(`[agent]\nsocket = "${join(engine.folder, 'agent', 'agent.sock')}"\n`);
    expect(await ask('alone', phantom, '/run/stint/agent.sock')).toMatch(hello);
    expect(await ask('alone', 'stint-wrong', '/run/stint/agent.sock')).toStartWith('401 ');
    await succeed(place, ['down']);
    await place.up();
    expect(await ask('alone', phantom, '/run/stint/agent.sock')).toMatch(hello);
  });

  test('as the genuine Claude Code, which speaks to a socket without any network', async () => {
    const phantom = await serve(`[agent]\nsocket = "${join(engine.folder, 'agent', 'agent.sock')}"\n`);
    const environment = {
      ANTHROPIC_UNIX_SOCKET: '/run/stint/agent.sock',
      ANTHROPIC_BASE_URL: 'http://stint/anthropic',
      ANTHROPIC_AUTH_TOKEN: phantom,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    };
    const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const said = await engine.podman('exec', ...variables, 'claude', 'claude', '-p', '[[say:hello from afar]]');
    expect(said).toBe('hello from afar\n');
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/v1/messages']);
  });

  test('at the address of the bridge, where that was allowed', async () => {
    const phantom = await serve(`insecureBind = true\n[agent]\nhost = "${gateway}"\n`);
    expect(await ask('bridged', phantom, `http://${gateway}:${agentPort()}`)).toMatch(hello);
    expect(await ask('bridged', 'stint-wrong', `http://${gateway}:${agentPort()}`)).toStartWith('401 ');
  });

  test('at the address of the bridge over TLS', async () => {
    const [cert, key] = await certificate(gateway);
    const tls = `[agent.tls]\ncertFile = "${cert}"\nkeyFile = "${key}"\n`;
    const phantom = await serve(`[agent]\nhost = "${gateway}"\n${tls}`);
    expect(await ask('bridged', phantom, `https://${gateway}:${agentPort()}`, '/shared/cert.pem')).toMatch(hello);
  });

  test('at no other address than this machine’s own without TLS or a word for it', async () => {
    configure(place, `[agent]\nhost = "${gateway}"\n`);
    const { code, stderr } = await (await place.up()).ended;
    expect(code).not.toBe(0);
    expect(stderr).toContain('insecureBind');
  });
});

/** Starts a daemon with one account, and returns a phantom. */
async function serve(toml: string): Promise<string> {
  configure(place, toml);
  const { firstLine, ended } = await place.up();
  if (!firstLine.startsWith('Stint is running')) throw new Error((await ended).stderr);
  await succeed(place, ['account', 'add', 'anthropic', 'a', '--base-url', simulator.url], secret);
  return phantomOf(place);
}

function ask(container: string, phantom: string, ...args: string[]): Promise<string> {
  return engine.podman('exec', '--env', `PHANTOM=${phantom}`, container, 'bun', '/shared/ask.js', ...args);
}

function agentPort(): number {
  return (JSON.parse(place.read('daemon.json') ?? '{}') as { agentPort: number }).agentPort;
}

async function certificate(address: string): Promise<[cert: string, key: string]> {
  const [cert, key] = [join(shared.path, 'cert.pem'), join(engine.folder, 'key.pem')];
  const subject = ['-subj', '/CN=stint', '-addext', `subjectAltName=IP:${address}`, '-days', '1'];
  const { code, stderr } = await runCommand(
    [
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      ...subject,
    ].concat(['-keyout', key, '-out', cert]),
    { cwd: engine.folder },
  );
  if (code !== 0) throw new Error(stderr);
  return [cert, key];
}
