import type { Marked, Requests, WatchedWorld } from '../src/supervisor/watch-ports.ts';
import type { Action } from '../src/core/watch/action.ts';
import { minuteMs } from '../src/core/time.ts';

/** A world in which nothing happens but what a test says; it looks only when it is told to. */
export type TestWorld = WatchedWorld & {
  idle: number;
  asks: Requests | Error;
  processes: readonly Marked[];
  free: number | Error;
  isOurs: boolean;
  readonly actions: Action[];
};

export function testWorld(more: Partial<WatchedWorld> = {}): TestWorld {
  const world: TestWorld = {
    idle: 20 * minuteMs,
    asks: { lastAt: null, open: 0, held: 0 },
    processes: [],
    free: 1e12,
    isOurs: true,
    actions: [],
    idleMs: () => world.idle,
    requests: () => settled(world.asks),
    marked: () => Promise.resolve(world.processes),
    isOfThisHome: () => Promise.resolve(world.isOurs),
    freeBytes: () => settled(world.free),
    told: (action) => void world.actions.push(action),
    every: () => () => undefined,
    ...more,
  };
  return world;
}

function settled<Value>(value: Value | Error): Promise<Value> {
  return value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
}
