import { codexJob } from './job.ts';
import { asProviderId } from '../../core/ids.ts';
import type { Agent } from '../agent.ts';
import { codexTerminal } from './terminal.ts';
import { codexProfile } from './profile.ts';
import { codexObstacles } from './settings.ts';

/** A conversation of Codex belongs to the provider id that it began with: another one could not resume it. */
const providerName = 'stint';
const tokenVariable = 'STINT_TOKEN';

/** Codex CLI. https://developers.openai.com/codex/config-advanced#custom-model-providers */
export const codex: Agent = {
  id: 'codex',
  provider: asProviderId('openai'),
  command: 'codex',
  install: 'npm install -g @openai/codex',
  withheld: ['OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_ACCESS_TOKEN'],
  // A provider of our own, not the built-in one: towards it Codex 0.169.0 needs no login and asks nothing but the model.
  launch: async ({ url, phantom, caFile }) => ({
    args: [
      // Its shared background server would serve this terminal with the environment of another one.
      '--no-daemon',
      ...['-c', `model_provider="${providerName}"`],
      ...['-c', `model_providers.${providerName}=${providerTable(url)}`],
    ],
    environment: {
      [tokenVariable]: phantom,
      ...(caFile === undefined ? {} : { CODEX_CA_CERTIFICATE: caFile }),
    },
  }),
  obstacles: (start) => codexObstacles(start),
  profile: codexProfile,
  job: { ...codexJob, terminal: codexTerminal },
};

function providerTable(url: string): string {
  return `{name="Stint",base_url="${url}/openai/v1",env_key="${tokenVariable}",wire_api="responses"}`;
}
