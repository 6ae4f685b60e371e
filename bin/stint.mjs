#!/usr/bin/env node
// Starts src/main.ts on the Bun binary that npm installed. Plain JavaScript for any Node >= 18: this is the only
// file of Stint that Node itself runs.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findBunBinary } from './bun-binary.mjs';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const bunfig = fileURLToPath(new URL('./bunfig.toml', import.meta.url));

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
  return ['--no-env-file', `--config=${bunfig}`, '--no-install', '--max-http-header-size=131072'];
}

function environment() {
  const env = { NODE_ENV: 'production' };
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith('BUN_') && name !== 'NODE_ENV') env[name] = value;
  }
  // Bun's fetch runs 256 requests at once and queues the rest without a word.
  env.BUN_CONFIG_MAX_HTTP_REQUESTS = '65336';
  return env;
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
