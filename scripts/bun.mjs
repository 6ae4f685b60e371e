// Runs the installed Bun binary with the given arguments: for development scripts and tests.
import { spawn } from 'node:child_process';
import { findBunBinary } from '../bin/bun-binary.mjs';

const bun = findBunBinary();
if (bun === undefined) {
  console.error('No Bun binary is installed: run npm ci.');
  process.exit(1);
}
const child = spawn(bun, process.argv.slice(2), {
  stdio: 'inherit',
  env: {
    ...process.env,
    BUN_CONFIG_MAX_HTTP_REQUESTS: '65336',
    NO_PROXY: 'localhost,127.0.0.1,::1',
    DO_NOT_TRACK: '1',
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
