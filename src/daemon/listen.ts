import { Problem } from '../core/problem.ts';
import { hasCode } from '../lib/atomic-file.ts';

/** One of the two listeners, as config.toml and the flags name it. */
type Listener = { readonly name: 'control' | 'agent'; readonly hostname: string; readonly port: number };

/** Listens, and says in the user's words why it cannot. */
export function listen<Server>({ name, hostname, port }: Listener, serve: () => Server): Server {
  try {
    return serve();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw explainListenError({ name, hostname, port }, error);
  }
}

function explainListenError({ name, hostname, port }: Listener, error: unknown): Problem {
  const who = name === 'control' ? 'the control API' : 'agents';
  if (hasCode(error, 'EADDRNOTAVAIL')) {
    return new Problem('invalid', `Nothing can listen on ${hostname} for ${who}: this machine has no such address.`, {
      hint: `Set ${name}.host in config.toml to one that it has, such as 127.0.0.1`,
      cause: error,
    });
  }
  const reason = hasCode(error, 'EACCES') ? 'may not be used by this user' : 'is taken';
  return new Problem('conflict', `Port ${port} for ${who} ${reason}.`, {
    hint: `Choose another with: stint up --${name}-port 0`,
    cause: error,
  });
}
