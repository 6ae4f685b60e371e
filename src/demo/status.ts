import type { accountShape, poolShape } from '../operations/shape.ts';

export type AccountView = ReturnType<typeof accountShape.parse>;
type PoolView = ReturnType<typeof poolShape.parse>;

/** What of `daemon.status` the demo looks at. */
export type StatusView = {
  readonly daemon: { readonly activeRequests: number };
  readonly accounts: readonly AccountView[];
  readonly pools: readonly PoolView[];
  readonly now: number;
};
