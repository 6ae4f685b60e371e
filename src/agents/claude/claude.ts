import { claudeJob } from './job.ts';
import { asProviderId } from '../../core/ids.ts';
import type { Agent } from '../agent.ts';
import { claudeProfile } from './profile.ts';
import { settingsObstacles } from './settings.ts';
import { claudeTerminal } from './terminal.ts';

/** Claude Code. https://docs.claude.com/en/docs/claude-code/llm-gateway */
export const claude: Agent = {
  id: 'claude',
  provider: asProviderId('anthropic'),
  command: 'claude',
  install: 'npm install -g @anthropic-ai/claude-code',
  withheld: [
    'ANTHROPIC_API_KEY',
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_USE_FOUNDRY',
    'CLAUDE_CODE_USE_MANTLE',
    'CLAUDE_CODE_USE_ANTHROPIC_AWS',
    'ANTHROPIC_UNIX_SOCKET',
  ],
  // The bearer form, not the key: towards a bearer Claude Code has no side traffic of its own login.
  launch: async ({ url, phantom, caFile }) => ({
    args: [],
    environment: {
      ANTHROPIC_BASE_URL: `${url}/anthropic`,
      ANTHROPIC_AUTH_TOKEN: phantom,
      ...(caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: caFile }),
    },
  }),
  obstacles: (start) => settingsObstacles(start),
  profile: claudeProfile,
  job: { ...claudeJob, terminal: claudeTerminal },
};
