import { geminiJob } from './job.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asProviderId } from '../../core/ids.ts';
import type { Agent, Gate, Launch } from '../agent.ts';
import { makeOverlay } from './overlay.ts';
import { geminiTerminal } from './terminal.ts';
import { geminiProfile } from './profile.ts';
import { authTypeOf, homeOf, parseSettings, settingsObstacles } from './settings.ts';

/** Gemini CLI. https://geminicli.com/docs/get-started/authentication */
export const gemini: Agent = {
  id: 'gemini',
  provider: asProviderId('google'),
  command: 'gemini',
  install: 'npm install -g @google/gemini-cli',
  withheld: [
    ...['GOOGLE_API_KEY', 'GOOGLE_GENAI_USE_VERTEXAI', 'GOOGLE_GENAI_USE_GCA', 'GOOGLE_VERTEX_BASE_URL'],
    ...['GOOGLE_CLOUD_ACCESS_TOKEN', 'GOOGLE_APPLICATION_CREDENTIALS', 'CODE_ASSIST_ENDPOINT'],
    ...['GEMINI_CLI_USE_COMPUTE_ADC', 'GEMINI_CLI_CUSTOM_HEADERS', 'GEMINI_API_KEY_AUTH_MECHANISM'],
  ],
  launch,
  obstacles: (start) => settingsObstacles(start),
  profile: geminiProfile,
  job: { ...geminiJob, terminal: geminiTerminal },
};

/**
 * A key and an address are enough where the user's own settings choose a key and there are no tools to name; else it needs
 * settings that do.
 */
async function launch({ url, phantom, folder, caFile, environment = {}, hasTools = false }: Gate): Promise<Launch> {
  const home = homeOf(environment);
  const settings = parseSettings(await readFile(join(home, '.gemini/settings.json'), 'utf8').catch(() => ''));
  const usesKey = authTypeOf(settings) === 'gemini-api-key';
  return {
    args: [],
    environment: {
      GOOGLE_GEMINI_BASE_URL: `${url}/gemini`,
      GEMINI_API_KEY: phantom,
      // Else a kill leaves the child behind that it starts itself as, which goes on asking.
      GEMINI_CLI_NO_RELAUNCH: 'true',
      ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }),
      ...(usesKey && !hasTools
        ? {}
        : { GEMINI_CLI_HOME: await makeOverlay(hasTools ? join(folder, 'jobs') : folder, home, hasTools) }),
    },
  };
}
