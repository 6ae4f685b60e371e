import { spawn } from 'node:child_process';
import { Problem } from '../core/problem.ts';
import type { Machine } from './manager.ts';

const timeoutMs = 30_000;
const killAfterMs = 120_000;

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a tool of the system to its end, without a shell. Throws a Problem when it cannot be started. */
export function runTool(machine: Machine, tool: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      env: { ...machine.environment, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Starting a service waits for its daemon.
      timeout: args.includes('--now') ? killAfterMs : timeoutMs,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.once('error', (cause) => reject(new Problem('unavailable', `${tool} could not be started.`, { cause })));
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** As `runTool`; throws a Problem with what the tool said when it fails. */
export async function runToolOrThrow(machine: Machine, tool: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool(machine, tool, args);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim() || `it ended with ${code}`).split('\n')[0] ?? '';
  throw new Problem('unavailable', `${tool} refused: ${said.replace(/\.$/, '')}.`, {
    hint: `See: ${[tool, ...args].join(' ')}`,
  });
}
