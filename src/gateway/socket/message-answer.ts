import type { Outcome } from '../../core/failover/outcome.ts';
import type { AccountId } from '../../core/ids.ts';
import type { Socket } from '../../providers/provider.ts';
import type { Answer } from '../exchange.ts';
import type { Sent } from '../send.ts';

/** An answer that goes to the client as one message; empty where its messages go through the turn. */
export function messageAnswer(text: string, account: AccountId): Answer {
  return { kind: 'whole', status: 101, headers: new Headers(), bytes: Buffer.from(text), account };
}

/** A refused upgrade, for a client whose own was accepted long ago. */
export function refusalAsMessage(sent: Sent, socket: Socket): Sent {
  const { answer, outcome } = sent;
  if (answer?.kind !== 'whole') return sent;
  const { status, headers, account } = answer;
  const text = socket.renderRefusal({ status, headers, body: textOf(answer) });
  return { ...sent, answer: messageAnswer(pacedMessage(text, outcome, socket), account) };
}

/** A failed message with no wait in it for which its client would sleep too long. */
export function pacedMessage(text: string, outcome: Outcome, socket: Socket): string {
  return outcome.kind === 'failed' ? socket.pace(text, outcome.fault) : text;
}

export function textOf(answer: Answer): string {
  return Buffer.from(answer.kind === 'whole' ? answer.bytes : answer.held).toString('utf8');
}
