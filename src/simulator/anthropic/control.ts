import { z } from 'zod';
import type { Exchange } from '../http/exchange.ts';
import { faultSchema } from './fault.ts';
import { credentialChangeSchema } from './scenario.ts';
import { credentialNamed, credentialStates, type SimulatorState } from './state.ts';

const faultsSchema = z.union([faultSchema, z.array(faultSchema)]);
const credentialPath = '/__simulator/credentials/';

/** Serves the control of a simulator that runs in another process; it is on loopback and asks for no secret. */
export function handleControl(exchange: Exchange, state: SimulatorState): void {
  try {
    reply(exchange, 200, control(exchange, state));
  } catch (error) {
    reply(exchange, error instanceof RangeError ? 404 : 400, { error: String(error) });
  }
}

function control(exchange: Exchange, state: SimulatorState): unknown {
  const { method, path, body } = exchange.request;
  if (method === 'POST' && path === '/__simulator/faults') {
    const faults = [faultsSchema.parse(JSON.parse(body.toString()))].flat();
    for (const fault of faults) state.faults.add(fault);
    return { injected: faults.length };
  }
  if (method === 'DELETE' && path === '/__simulator/faults') {
    state.faults.clear();
    return { injected: 0 };
  }
  if (method === 'GET' && path === '/__simulator/requests') {
    const { requests, aborts, openRequests } = state.log;
    return { requests, aborts, openRequests };
  }
  if (method === 'GET' && path === '/__simulator/state') return { credentials: credentialStates(state) };
  if (method === 'POST' && path.startsWith(credentialPath)) {
    const credential = credentialNamed(state, decodeURIComponent(path.slice(credentialPath.length)));
    credential.change(credentialChangeSchema.parse(JSON.parse(body.toString())), state.now());
    return credential.state(state.now());
  }
  throw new RangeError(`no control at ${method} ${path}`);
}

function reply(exchange: Exchange, status: number, body: unknown): void {
  exchange.send(status, [['content-type', 'application/json']], Buffer.from(JSON.stringify(body)));
}
