import type { Exchange } from '../http/exchange.ts';
import { meetConnectionFault } from '../provider/fault-play.ts';
import { type Fault, isRefusal } from './fault.ts';
import type { Refused } from './limit-error.ts';
import { sendRefusal } from './refusal.ts';

/** Plays a fault that comes before the answer; false lets the answer follow. */
export async function meetFault(
  fault: Fault,
  call: Refused & { exchange: Exchange; requestId: string; stream: boolean },
): Promise<boolean> {
  const { exchange } = call;
  const { kind } = fault;
  if (!isRefusal(kind)) return await meetConnectionFault(fault, exchange, call.stream);
  sendRefusal(exchange, { ...fault, kind }, call);
  return true;
}
