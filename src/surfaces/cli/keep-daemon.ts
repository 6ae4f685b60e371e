import type { Cli } from './cli.ts';
import { startDetached } from './connect.ts';
import type { DaemonAddress } from './host.ts';

const lookEveryMs = 1000;
const mostFailures = 5;

/**
 * Starts the daemon again when it crashed under a running agent, on the ports that the agent knows. One that was stopped
 * stays down. Returns what ends the watch.
 */
export function keepDaemon(cli: Cli, home: string, { controlPort, agentPort }: DaemonAddress): () => void {
  const place = { home, controlPort: String(controlPort), agentPort: String(agentPort) };
  let failures = 0;
  let timer = setTimeout(look, lookEveryMs);
  let ended = false;

  function look(): void {
    void revive().finally(() => {
      if (!ended && failures < mostFailures) timer = setTimeout(look, lookEveryMs);
    });
  }

  async function revive(): Promise<void> {
    try {
      if (await cli.host.hasCrashed(home)) await startDetached(cli, place);
      failures = 0;
    } catch {
      // The agent has the terminal, and says itself that it cannot connect.
      failures += 1;
    }
  }

  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
