import type { Exchange, Headers } from '../http/exchange.ts';
import type { FaultBase } from './fault.ts';

/** Plays a fault of the connection; false lets the answer follow. */
export async function meetConnectionFault(fault: FaultBase, exchange: Exchange, stream: boolean): Promise<boolean> {
  const contentType = stream ? 'text/event-stream; charset=utf-8' : 'application/json';
  const headers: Headers = [['content-type', contentType]];
  if (fault.kind === 'cut_before_head') await exchange.cut(fault.cut);
  if (fault.kind === 'hang_before_head') await exchange.left();
  if (fault.kind === 'slow') await exchange.pause(fault.delayMs);
  if (fault.kind === 'garbage_body') exchange.send(fault.status, headers, garbage);
  if (fault.kind === 'huge_header') {
    exchange.send(fault.status, [...headers, ['x-padding', 'x'.repeat(fault.headerBytes)]], Buffer.from('{}'));
  }
  return exchange.closed;
}

/** Breaks an open answer off, after what was written of it. */
export async function breakOff(fault: FaultBase, exchange: Exchange): Promise<void> {
  if (fault.kind === 'clean_end_mid') exchange.end();
  if (fault.kind === 'cut_mid') {
    await exchange.pause(fault.pauseMs);
    await exchange.cut(fault.cut);
  }
  if (fault.kind === 'stall_mid') await exchange.left();
}

/** Sends the first half of a JSON body, framed as if there were more, and cuts. */
export function sendTruncated(exchange: Exchange, answer: { headers: Headers; body: Buffer; fault: FaultBase }): void {
  const { headers, body, fault } = answer;
  const half = body.subarray(0, body.length >> 1);
  const length: Headers = fault.framing === 'content-length' ? [['content-length', String(body.length)]] : [];
  exchange.open(200, [...headers, ...length], half);
  void exchange.cut(fault.cut);
}

/** Neither JSON nor an event, and no valid UTF-8. */
const garbage = Buffer.from('\u0000\u00ff}{"\u0007data\u00fe: <<<>>>\n\n', 'latin1');
