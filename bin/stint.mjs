#!/usr/bin/env node
// Starts src/main.ts on the Bun binary that npm installed. Plain JavaScript for any Node >= 18: this is the only
// file of Stint that Node itself runs.
import { spawn } from 'node:child_process';
import { constants, homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBunBinary } from './bun-binary.mjs';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const bunfig = fileURLToPath(new URL('./bunfig.toml', import.meta.url));
const tsconfig = fileURLToPath(new URL('./no-tsconfig.json', import.meta.url));

if (process.platform === 'win32') fail('Stint needs a Unix: on Windows, run it inside WSL (https://aka.ms/wsl).');
const bun = findBunBinary();
if (bun === undefined) {
  fail(
    `Stint found no Bun for ${process.platform}-${process.arch}: reinstall with optional dependencies, for example npm install -g stint --include=optional.`,
  );
}
run(bun);

function run(binary) {
  const child = spawn(binary, [...bunArguments(), main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: environment(),
  });
  child.on('error', (error) => fail(`Stint could not start ${binary}: ${error.message}.`));
  // A terminal sends Ctrl-C and Ctrl-\ to the whole process group, the child included; only a signal aimed at this
  // process alone has to be handed on.
  const interactive = process.stdin.isTTY === true;
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT']) {
    const fromTerminal = signal === 'SIGINT' || signal === 'SIGQUIT';
    process.on(signal, () => {
      if (!(interactive && fromTerminal)) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    if (signal !== null) endBySignal(signal);
    else process.exit(code ?? 1);
  });
}

function bunArguments() {
  // Bun otherwise runs the `preload` of the folder's bunfig.toml and loads its .env.
  return [
    '--no-env-file',
    `--config=${bunfig}`,
    `--tsconfig-override=${tsconfig}`,
    '--no-install',
    '--max-http-header-size=131072',
  ];
}

/**
 * The environment Stint runs in. What the user had instead goes along as STINT_USER_ENV, an object from name to original
 * value (null: not set), so that an agent started by Stint gets the user's own.
 */
function environment() {
  const users = usersEnvironment();
  const ours = { ...users };
  for (const name of Object.keys(ours)) {
    // Among them BUN_OPTIONS, which preloads code, and BUN_INSPECT, which opens a debugger.
    if (name.startsWith('BUN_')) delete ours[name];
  }
  ours.NODE_ENV = 'production';
  // Bun's fetch runs 256 requests at once and queues the rest without a word.
  ours.BUN_CONFIG_MAX_HTTP_REQUESTS = '65336';
  // By default it goes to ~/.bun, which is not ours.
  ours.BUN_RUNTIME_TRANSPILER_CACHE_PATH = join(users.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stint', 'bun');
  keepLoopbackDirect(ours);
  return { ...ours, STINT_USER_ENV: JSON.stringify(originals(users, ours)) };
}

/** A Stint started by Stint inherits an environment that is already changed: the note in it leads back to the user's. */
function usersEnvironment() {
  const { STINT_USER_ENV: note, ...env } = process.env;
  for (const [name, value] of Object.entries(parseNote(note))) {
    if (typeof value === 'string') env[name] = value;
    else delete env[name];
  }
  return env;
}

function parseNote(note) {
  try {
    return JSON.parse(note ?? '{}') ?? {};
  } catch {
    return {};
  }
}

/**
 * Bun's fetch sends loopback through the proxy as well, unless NO_PROXY says otherwise; it prefers no_proxy where both
 * are set. Also where there is no proxy: the settings of an agent may hold one.
 */
function keepLoopbackDirect(env) {
  const names = ['no_proxy', 'NO_PROXY'];
  const current = names.map((name) => env[name]).find(Boolean) ?? '';
  const hosts = current.split(',').map((host) => host.trim());
  if (hosts.includes('*')) return;
  const direct = new Set([...hosts.filter(Boolean), 'localhost', '127.0.0.1', '::1']);
  for (const name of names) env[name] = [...direct].join(',');
}

function originals(users, ours) {
  const changed = [...new Set([...Object.keys(users), ...Object.keys(ours)])].filter(
    (name) => users[name] !== ours[name],
  );
  return Object.fromEntries(changed.map((name) => [name, users[name] ?? null]));
}

function endBySignal(signal) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Only a signal that does not end this process leaves it running.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
