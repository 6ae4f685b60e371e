import { parseArgs } from 'node:util';
import { parseScenario } from './anthropic/scenario.ts';
import { startAnthropicSimulator } from './anthropic/simulator.ts';
import { readJsonFile } from './provider/scenario.ts';

const { values } = parseArgs({
  options: { scenario: { type: 'string' }, port: { type: 'string', default: '0' }, words: { type: 'string' } },
});
if (values.scenario === undefined) {
  process.stderr.write(
    'A scenario is missing. Start with: bun src/simulator/main.ts --scenario file.json [--port N]\n',
  );
  process.exit(2);
}

const simulator = startAnthropicSimulator({
  scenario: parseScenario(readJsonFile(values.scenario)),
  port: Number(values.port),
  ...(values.words === undefined ? {} : { fixedReply: { words: Number(values.words) } }),
});
process.stdout.write(
  `${JSON.stringify({ provider: 'anthropic', url: simulator.url, port: simulator.port, pid: process.pid })}\n`,
);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    simulator.stop();
    process.exit(0);
  });
}
