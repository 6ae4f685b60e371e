import type { Exchange } from '../http/exchange.ts';
import { sendJson } from './encoded-body.ts';
import { credentialNamed, type NamedCredential, type ProviderState } from './state.ts';

type Controlled = Omit<ProviderState<NamedCredential, { add(input: unknown): void; clear(): void }>, 'nextId'>;

const prefix = '/__simulator/';
const credentialPath = `${prefix}credentials/`;

/** Serves the control of a simulator that runs in another process, on loopback and without a secret; false for other paths. */
export function handleControl(exchange: Exchange, state: Controlled): boolean {
  if (!exchange.request.path.startsWith(prefix)) return false;
  try {
    sendJson(exchange, { body: control(exchange, state) });
  } catch (error) {
    sendJson(exchange, { status: error instanceof RangeError ? 404 : 400, body: { error: String(error) } });
  }
  return true;
}

function control(exchange: Exchange, state: Controlled): unknown {
  const { method, path, body } = exchange.request;
  if (method === 'POST' && path === `${prefix}faults`) {
    const faults: unknown[] = [JSON.parse(body.toString())].flat();
    for (const fault of faults) state.faults.add(fault);
    return { injected: faults.length };
  }
  if (method === 'DELETE' && path === `${prefix}faults`) {
    state.faults.clear();
    return { injected: 0 };
  }
  if (method === 'GET' && path === `${prefix}requests`) {
    const { requests, aborts, openRequests } = state.log;
    return { requests, aborts, openRequests };
  }
  if (method === 'GET' && path === `${prefix}state`) {
    return { credentials: state.credentials.map((credential) => credential.state(state.now())) };
  }
  if (method === 'POST' && path.startsWith(credentialPath)) {
    const credential = credentialNamed(state.credentials, decodeURIComponent(path.slice(credentialPath.length)));
    credential.change(JSON.parse(body.toString()), state.now());
    return credential.state(state.now());
  }
  throw new RangeError(`no control at ${method} ${path}`);
}
