// Installs from the lock file when it is newer than node_modules, then runs the given command.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
if (modifiedAt('package-lock.json') > modifiedAt('node_modules/.package-lock.json')) {
  const install = run(['npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error'], ['ignore', 2, 2]);
  if (install !== 0) process.exit(install);
}
process.exit(run(process.argv.slice(2), 'inherit'));

function run([command, ...args], stdio) {
  const { status, error } = spawnSync(command, args, { stdio });
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`);
  return status ?? 1;
}

function modifiedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
