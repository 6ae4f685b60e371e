import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLoad } from './load/load.ts';
import type { HttpLoad } from './load/run.ts';
import { measureFailover, type Failover } from './measure/failover.ts';
import { measureHerd } from './measure/herd.ts';
import { measureParkedJobs, measureRunningJobs } from './measure/jobs.ts';
import { measureLatency } from './measure/latency.ts';
import { measureSockets, type Socketed } from './measure/socket.ts';
import { setStage } from './measure/stage.ts';
import { measureStartUp } from './measure/start-up.ts';
import { measureStreams } from './measure/streams.ts';
import { measureThroughput } from './measure/throughput.ts';
import { protocols } from './protocol/registry.ts';
import { fullPlan, quickPlan } from './plan.ts';
import type { SocketRan, SocketRun } from './socket/run.ts';
import { report } from './report/report.ts';
import { breakages, type Result } from './report/result.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'stint-bench-')));
try {
  const result = await measure(values.quick);
  const broken = breakages(result);
  const results = join(import.meta.dir, '../bench-results');
  mkdirSync(results, { recursive: true });
  const file = join(results, `${result.startedAt.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`\n${report(result)}\nWritten to ${file}`);
  for (const each of broken) console.error(`BROKEN: ${each}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(quick: boolean): Promise<Result> {
  const plan = quick ? quickPlan : fullPlan;
  const startedAt = new Date().toISOString();
  const loadBefore = loadavg()[0] ?? NaN;
  const startUp = await step('start-up and status', () => measureStartUp(folder, plan.starts));
  const failovers: Failover[] = [];
  for (const each of protocols)
    failovers.push(await step(`failover, ${each.title}`, () => measureFailover(folder, each, plan.failovers)));
  const herd = await step('herd', () => measureHerd(folder, plan.herd));
  const streams = await step('open streams', () => measureStreams(folder, plan.streams));
  const sockets = await step('WebSockets', () => onSockets(plan));
  const parkedJobs = await step('parked jobs', () => measureParkedJobs(folder, plan.jobs.parked));
  const runningJobs = await step('running jobs', () => measureRunningJobs(folder, plan.jobs.agents));
  const { rates, latency, nginx } = await underLoad(plan);
  const [processor] = cpus();
  return {
    startedAt,
    quick,
    machine: {
      processor: processor?.model ?? 'unknown',
      cores: cpus().length,
      loadBefore,
      loadAfter: loadavg()[0] ?? NaN,
    },
    versions: { bun: Bun.version, nginx },
    rates,
    latency,
    failovers,
    streams,
    sockets,
    herd,
    startUp,
    parkedJobs,
    runningJobs,
  };
}

async function onSockets(plan: typeof fullPlan): Promise<Socketed[]> {
  const load = startLoad<SocketRun, SocketRan>('socket/generator.ts');
  try {
    return await measureSockets(folder, load, plan.sockets);
  } finally {
    await load.stop();
  }
}

async function underLoad(plan: typeof fullPlan): Promise<Pick<Result, 'rates' | 'latency'> & { nginx: string | null }> {
  const stage = await setStage(folder);
  const load: HttpLoad = startLoad('load/generator.ts');
  try {
    const latency = await step('latency', () => measureLatency(stage, load, plan.latency));
    const rates = await step('throughput', () => measureThroughput(stage, load, plan.throughput));
    return { rates, latency, nginx: stage.nginx };
  } finally {
    await load.stop();
    await stage.stop();
  }
}

async function step<Value>(name: string, run: () => Promise<Value>): Promise<Value> {
  const from = performance.now();
  const value = await run();
  console.error(`${name}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return value;
}
