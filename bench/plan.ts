/** How long and how often; times in ms. */
export type Plan = {
  readonly throughput: { readonly rounds: number; readonly warmMs: number; readonly measureMs: number };
  readonly latency: { readonly rounds: number; readonly measureMs: number };
  readonly sockets: { readonly rounds: number; readonly warmMs: number; readonly measureMs: number };
  readonly failovers: number;
  readonly streams: { readonly streams: number; readonly deltas: number };
  readonly herd: number;
  readonly starts: number;
  readonly jobs: { readonly parked: number; readonly agents: number };
};

/** About ten minutes. */
export const fullPlan: Plan = {
  throughput: { rounds: 7, warmMs: 300, measureMs: 1200 },
  latency: { rounds: 7, measureMs: 250 },
  sockets: { rounds: 7, warmMs: 150, measureMs: 400 },
  failovers: 300,
  streams: { streams: 2000, deltas: 20 },
  herd: 200,
  starts: 15,
  jobs: { parked: 1000, agents: 50 },
};

/** About a minute: shows that everything works; its figures are rough. */
export const quickPlan: Plan = {
  throughput: { rounds: 2, warmMs: 150, measureMs: 250 },
  latency: { rounds: 2, measureMs: 100 },
  sockets: { rounds: 2, warmMs: 100, measureMs: 150 },
  failovers: 30,
  streams: { streams: 300, deltas: 6 },
  herd: 200,
  starts: 3,
  jobs: { parked: 100, agents: 10 },
};
