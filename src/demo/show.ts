import { localTimeZone } from '../lib/local-time-zone.ts';
import { secondMs, type EpochMs } from '../core/time.ts';
import type { AgentNews, DemoAgent } from './agent.ts';
import type { DemoEvent } from './event.ts';
import { renderPanel } from './panel.ts';
import { renderAccounts } from './render-account.ts';
import { renderEvent } from './render-event.ts';
import type { Screen } from './screen.ts';
import { demoLabels, type DemoSimulator } from './provider/provider.ts';
import type { Stage } from './stage.ts';
import { watch } from './watch.ts';

const lookEveryMs = 100;
/** How long before an account opens the last open one is used up: about as long is the hold. */
const holdMs = 2.6 * secondMs;

export type Shown = { readonly completed: boolean; readonly events: readonly DemoEvent[] };

/** Runs the agent and shows what happens, as it happens, until the agent ends. */
export async function show(
  agent: DemoAgent,
  stage: Stage,
  view: { screen: Screen; signal: AbortSignal; startedAt: EpochMs },
): Promise<Shown> {
  const { screen, signal, startedAt } = view;
  const seen = watch(stage.client, stage.provider, stage.simulator.requests);
  const origin = { startedAt, timeZone: localTimeZone() };
  const events: DemoEvent[] = [];
  let news: DemoEvent[] = [];
  let turn = 0;
  let answer = '';
  const note = (each: AgentNews): void => void news.push({ ...each, at: Date.now() });

  const ending = new AbortController();
  let completed: boolean | undefined;
  const run = agent.run(note, AbortSignal.any([signal, ending.signal])).then((done) => (completed = done));
  try {
    while (completed === undefined) {
      await Promise.race([run, Bun.sleep(lookEveryMs)]);
      await look();
      spendTheRest(stage.simulator, events);
    }
    return { completed, events };
  } finally {
    // Whatever went wrong here, the agent ends before what it works with does.
    ending.abort();
    await run.catch(() => undefined);
  }

  async function look(): Promise<void> {
    const told = news;
    news = [];
    const happened = [...told, ...(await seen.look())].toSorted((a, b) => a.at - b.at);
    events.push(...happened);
    for (const event of happened) present(event);
    const { status, current, held } = seen;
    const scene = { status, current, window: stage.provider.window };
    screen.show(renderPanel({ ...scene, turn, turnsPlanned: agent.turnsPlanned, answer, held }, Date.now()));
  }

  function present(event: DemoEvent): void {
    if (event.kind === 'turn-started') {
      turn = event.turn;
      answer = '';
    }
    if (event.kind === 'said') answer += event.text;
    const line = renderEvent(event, origin);
    if (line !== undefined) screen.print([line]);
    // The panel shows them all the time.
    if (event.kind === 'hold-started' && !screen.live)
      screen.print(
        renderAccounts(seen.status?.accounts ?? [], { current: null, window: stage.provider.window }, event.at),
      );
  }
}

/** Uses up every account but the first when the first is about to open, so that the wait for it is short. */
function spendTheRest(simulator: DemoSimulator, events: readonly DemoEvent[]): void {
  const [first, ...others] = demoLabels;
  const limit = events.find((event) => event.kind === 'limit' && event.account === first);
  if (limit?.kind !== 'limit' || Date.now() < limit.until - holdMs || Date.now() >= limit.until) return;
  for (const label of others) simulator.useUp(label);
}
