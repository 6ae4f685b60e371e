import type { Config } from '../config/config-schema.ts';
import { Problem } from '../core/problem.ts';
import { checkAgentSocket } from '../home/agent-socket.ts';
import type { Finding } from '../operations/shape.ts';
import { openNetwork } from './network.ts';
import { checkWebhook } from './notices.ts';
import { readTls } from './tls-files.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Check = readonly [part: string, look: () => Promise<unknown>];

/** Looks at files that a daemon could not start without. */
export function checkStartFiles(config: Config, environment: Environment): Promise<readonly Finding[]> {
  const { socket } = config.agent;
  return findWrong([
    ['control.tls', () => readTls('control', config.control.tls)],
    ['agent.tls', () => readTls('agent', config.agent.tls)],
    ['agent.socket', async () => (socket === '' ? undefined : checkAgentSocket(socket))],
    ['network', () => openNetwork(config, environment['NODE_EXTRA_CA_CERTS'])],
  ]);
}

/** Looks at every file that the settings name, where no daemon does. */
export async function checkFiles(config: Config, environment: Environment): Promise<readonly Finding[]> {
  const channels = findWrong([
    ['notices.webhook', () => checkWebhook(config, environment)],
    ['telegram', () => checkTelegram(config, environment)],
  ]);
  return [...(await checkStartFiles(config, environment)), ...(await channels)];
}

/** Its library is loaded only where it is needed. */
async function checkTelegram({ telegram: { tokenFile } }: Config, environment: Environment): Promise<void> {
  const given = environment['TELEGRAM_BOT_TOKEN'];
  if (tokenFile === '' && (given === undefined || given === '')) return;
  const { readTelegramToken } = await import('./telegram.ts');
  await readTelegramToken(given, tokenFile);
}

async function findWrong(checks: readonly Check[]): Promise<readonly Finding[]> {
  const found = checks.map(async ([part, look]) => {
    try {
      await look();
      return [];
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const { message, hint } = error;
      return [{ check: `settings of ${part}`, ok: false, detail: message, hint: hint ?? null }];
    }
  });
  return (await Promise.all(found)).flat();
}
