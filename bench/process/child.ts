import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Subprocess } from 'bun';

/** Ends a child and waits for it; when it has not listened for five seconds, with the second signal. */
export async function endChild(child: Subprocess, second: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill(second), 5000);
  await child.exited;
  clearTimeout(timer);
}

/** The first line that a child prints; throws when it ends without one. */
export async function firstLine(output: ReadableStream<Uint8Array>): Promise<string> {
  const reader = output.getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`a process of the benchmark ended at once: ${text}`);
    text += Buffer.from(value).toString();
    const end = text.indexOf('\n');
    if (end === -1) continue;
    reader.releaseLock();
    return text.slice(0, end);
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<ReturnType<typeof createServer>> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Memory of a process that is in RAM, in bytes. */
export function residentBytes(pid: number): number {
  const { stdout } = Bun.spawnSync(['ps', '-o', 'rss=', '-p', String(pid)]);
  return Number(stdout.toString().trim()) * 1024;
}

const tickMs = 10;

/** Processor time that a process has used, in ms; undefined where the kernel has no /proc. */
export function processorMs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return undefined;
  }
}
