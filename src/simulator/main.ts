import { parseArgs } from 'node:util';
import { parseScenario as parseAnthropic } from './anthropic/scenario.ts';
import { startAnthropicSimulator } from './anthropic/simulator.ts';
import { parseScenario as parseGoogle } from './google/scenario.ts';
import { startGoogleSimulator } from './google/simulator.ts';
import { parseScenario as parseOpenAi } from './openai/scenario.ts';
import { startOpenAiSimulator } from './openai/simulator.ts';
import { readJsonFile } from './provider/scenario.ts';
import type { ProviderOptions } from './provider/simulator.ts';

type Options = Omit<ProviderOptions<unknown>, 'scenario'>;
type Start = (scenario: unknown, options: Options) => { readonly url: string; readonly port: number; stop(): void };

const providers: Readonly<Record<string, Start>> = {
  anthropic: (scenario, options) => startAnthropicSimulator({ scenario: parseAnthropic(scenario), ...options }),
  openai: (scenario, options) => startOpenAiSimulator({ scenario: parseOpenAi(scenario), ...options }),
  google: (scenario, options) => startGoogleSimulator({ scenario: parseGoogle(scenario), ...options }),
};

const { values } = parseArgs({
  options: {
    provider: { type: 'string', default: 'anthropic' },
    scenario: { type: 'string' },
    port: { type: 'string', default: '0' },
    words: { type: 'string' },
  },
});
const { provider, scenario } = values;
const start = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
if (scenario === undefined || start === undefined) {
  const missing = scenario === undefined ? 'A scenario is missing.' : `There is no provider ${provider}.`;
  process.stderr.write(
    `${missing} Start with: bun src/simulator/main.ts [--provider ${Object.keys(providers).join('|')}] --scenario file.json [--port N]\n`,
  );
  process.exit(2);
}

const simulator = start(readJsonFile(scenario), {
  port: Number(values.port),
  ...(values.words === undefined ? {} : { fixedReply: { words: Number(values.words) } }),
});
process.stdout.write(`${JSON.stringify({ provider, url: simulator.url, port: simulator.port, pid: process.pid })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    simulator.stop();
    process.exit(0);
  });
}
