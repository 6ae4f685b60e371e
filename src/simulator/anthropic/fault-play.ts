import type { Exchange } from '../http/exchange.ts';
import { type Fault, isRefusal } from './fault.ts';
import type { Refused } from './limit-error.ts';
import { sendRefusal } from './refusal.ts';

/** Plays a fault that comes before the answer; false lets the answer follow. */
export async function meetFault(
  fault: Fault,
  call: Refused & { exchange: Exchange; requestId: string },
): Promise<boolean> {
  const { exchange } = call;
  const { kind } = fault;
  if (isRefusal(kind)) {
    sendRefusal(exchange, { ...fault, kind }, call);
    return true;
  }
  if (kind === 'cut_before_head') await exchange.cut(fault.cut);
  if (kind === 'hang_before_head') await exchange.left();
  if (kind === 'slow') await exchange.pause(fault.delayMs);
  return exchange.closed;
}
