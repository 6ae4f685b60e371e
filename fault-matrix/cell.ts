// One cell of the matrix: two accounts behind the real gateway, a fault, and a client that asks twice.
import { captured } from '../test/builders.ts';
import { startVendorRig, type VendorRig } from '../test/vendor-rig.ts';
import type { Seen } from './answer.ts';
import { askOverHttp, type OnContent } from './ask-http.ts';
import { socketSide } from './ask-socket.ts';
import type { Column } from './column.ts';
import { strikeOf, type FaultRow } from './fault.ts';
import { leftOf, sendsOf, type Left } from './left.ts';

export type Cell = {
  readonly first: Seen;
  readonly second: Seen;
  readonly sends: { readonly a: number; readonly b: number };
  readonly left: { readonly a: Left; readonly b: Left };
  /** Of the gateway: there should be none. */
  readonly bugs: readonly unknown[];
};

const silenceMs = 601_000;
const labels = ['a', 'b'] as const;

/** Null where there is no such fault in this protocol. */
export async function runCell(row: FaultRow, column: Column): Promise<Cell | null> {
  if (strikeOf(row, column) === null) return null;
  await using rig = await startVendorRig(column.vendor, { frozenAt: captured });
  strike(rig, row, column);
  using client = clientOf(rig, column);
  using silence = endSilence(rig, row);
  const first = await client.ask(() => silence.contentCame());
  silence.firstAsked();
  rig.advance(1000);
  const second = await client.ask(() => undefined);
  const left = { a: leftOf(rig, 'a'), b: leftOf(rig, 'b') };
  return { first, second, sends: sendsOf(rig), left, bugs: rig.bugs };
}

function strike({ simulator }: VendorRig, row: FaultRow, column: Column): void {
  const struck = strikeOf(row, column);
  if (struck === null) return;
  if ('change' in struck) {
    for (const name of row.on === 'both' ? labels : ['a']) simulator.changeCredential(name, struck.change as never);
    return;
  }
  const whom = row.on === 'both' ? {} : { credential: 'a' };
  const times = row.on === 'once' ? 1 : 'always';
  simulator.inject({ ...struck.fault, ...whom, times } as never);
}

type Client = Disposable & { ask(onContent: OnContent): Promise<Seen> };

function clientOf(rig: VendorRig, column: Column): Client {
  if (column.way === 'socket') return socketSide(rig, column);
  return { ask: (onContent) => askOverHttp(rig, column, onContent), [Symbol.dispose]: () => undefined };
}

type Silence = Disposable & { contentCame(): void; firstAsked(): void };

/** Moves the clock past what the gateway waits for a provider that has fallen silent. */
function endSilence(rig: VendorRig, { silent }: FaultRow): Silence {
  let over = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const pass = (): void => rig.advance(silenceMs);
  const passAtEachRequest = async (): Promise<void> => {
    while (!over) {
      await rig.simulator.nextRequest(({ credential, via }) => credential === 'a' && via !== 'upgrade' && !over);
      pass();
    }
  };
  if (silent === 'before') void passAtEachRequest();
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    // The gateway begins to wait a moment after its client has what came before.
    contentCame: () => {
      if (silent === 'after') timer = setInterval(pass, 20);
    },
    firstAsked: stop,
    [Symbol.dispose]: () => {
      over = true;
      stop();
    },
  };
}
