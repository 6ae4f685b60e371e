// What stands for an agent in a container: it is run there by Bun, whose program and libraries are mounted in.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../test/daemon-rig.ts';

/** Options of `podman run` for a container that has Bun. */
const withBun = [
  ...['--volume', `${process.execPath}:/bin/bun:ro`],
  ...['/lib64', '/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu'].filter(existsSync).flatMap(mounted),
];

/** Asks for a message and prints the status and the answer; the first argument is an origin or the path of a socket. */
const askScript = `
const [where, ca] = process.argv.slice(2);
const origin = where.startsWith('/') ? 'http://stint' : where;
const response = await fetch(origin + '/anthropic/v1/messages', {
  method: 'POST',
  ...(where.startsWith('/') ? { unix: where } : {}),
  ...(ca === undefined ? {} : { tls: { ca: await Bun.file(ca).text() } }),
  headers: {
    authorization: 'Bearer ' + process.env.PHANTOM,
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
  },
  body: JSON.stringify({ model: 'claude-sonnet-5', max_tokens: 20, messages: [{ role: 'user', content: '[[say:hello]]' }] }),
});
console.log(response.status + ' ' + (await response.text()));
`;

/** Asks, and after a refusal not before somebody has reset it: as agents do that remember a limit. */
const latchingScript = `
const { appendFileSync, existsSync } = require('node:fs');
for (;;) {
  const asked = Bun.spawnSync(['bun', '/shared/ask.js', ...process.argv.slice(2)], { env: process.env });
  const status = asked.stdout.toString().slice(0, 3);
  if (status !== '') appendFileSync('/shared/asked', status + '\\n');
  if (status === '200') break;
  while (!existsSync('/shared/reset')) await Bun.sleep(20);
  await Bun.sleep(20);
}
`;

/** Stands for the agent's own command: writes down as whom it was called, and how; then the agent asks again. */
const hermesScript = `#!/bin/sh
echo "$(id -u):$(id -g) $*" >> /shared/calls
while [ -e /shared/wait ]; do sleep 0.05; done
touch /shared/reset
echo 'Reset status on 1 credentials'
`;

export type Shared = {
  readonly path: string;
  /** Options of \`podman run\` for a container with these scripts. */
  readonly options: readonly string[];
  lines(name: string): string[];
  /** Resolves with the lines of a file when it has so many. */
  until(name: string, count: number): Promise<string[]>;
};

/** A folder that the container and the test share, with the scripts above. */
export function openShared(folder: string): Shared {
  const path = join(folder, 'shared');
  mkdirSync(path);
  chmodSync(path, 0o777);
  for (const [name, text] of [
    ['ask.js', askScript],
    ['agent.js', latchingScript],
    ['hermes', hermesScript],
  ] as const)
    writeFileSync(join(path, name), text, { mode: 0o755 });
  const lines = (name: string): string[] => {
    const file = join(path, name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  };
  return {
    path,
    options: ['--volume', `${path}:/shared`, '--volume', `${join(path, 'hermes')}:/bin/hermes:ro`, ...withBun],
    lines,
    until: (name, count) => eventually(() => (lines(name).length >= count ? lines(name) : undefined), name),
  };
}

/** Looks until there is something; other processes have no better way to tell. */
export async function eventually<Value>(
  look: () => Value | undefined | Promise<Value | undefined>,
  what: string,
): Promise<Value> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come`);
    await Bun.sleep(20);
  }
}

/** Writes the settings of a daemon that has not been started yet. */
export function configure(place: Place, toml: string): void {
  mkdirSync(place.home, { recursive: true, mode: 0o700 });
  writeFileSync(join(place.home, 'config.toml'), toml, { mode: 0o600 });
}

/** A token for an agent, from a command of the daemon's. */
export async function phantomOf(place: Place): Promise<string> {
  const { environment } = JSON.parse((await succeed(place, ['env', 'claude', '--json'])).stdout) as {
    environment: Record<string, string>;
  };
  return environment['ANTHROPIC_AUTH_TOKEN'] ?? '';
}

/** Runs `stint`, which has to succeed. */
export async function succeed(place: Place, args: readonly string[], stdin?: string) {
  const run = await place.stint(args, stdin === undefined ? {} : { stdin });
  if (run.code !== 0) throw new Error(`stint ${args.join(' ')} ended with ${run.code}: ${run.stderr}`);
  return run;
}

function mounted(path: string): string[] {
  return ['--volume', `${path}:${path}:ro`];
}
