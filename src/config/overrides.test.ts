import { describe, expect, test } from 'bun:test';
import { configSchema } from './config-schema.ts';
import { applyOverrides, type Overrides } from './overrides.ts';

const config = configSchema.parse({ control: { host: '::1' }, agent: { port: 5000 } });

describe('overrides', () => {
  const ports: [Overrides, number, number][] = [
    [{}, 4600, 5000],
    [{ controlPort: undefined, agentPort: '' }, 4600, 5000],
    [{ controlPort: '4700' }, 4700, 5000],
    [{ agentPort: 4701 }, 4600, 4701],
    [{ controlPort: ' 0 ', agentPort: 0 }, 0, 0],
    [{ controlPort: '65535', agentPort: '00080' }, 65_535, 80],
    [{ controlPort: '5000', agentPort: '4600' }, 5000, 4600],
  ];
  test.each(ports)('%j make the ports %d and %d', (overrides, controlPort, agentPort) => {
    expect(applyOverrides(config, overrides)).toEqual({
      ...config,
      control: { ...config.control, port: controlPort },
      agent: { ...config.agent, port: agentPort },
    });
  });

  test('leave the settings themselves as they are', () => {
    const before = structuredClone(config);
    applyOverrides(config, { controlPort: 1, agentPort: 2 });
    expect(config).toEqual(before);
  });

  test.each(['x', '-1', '65536', '123456', '1e3', '0x10', '4600.5', '46 00', -1, 1.5, Number.NaN])(
    'refuse the port %p',
    (port) => {
      for (const [overrides, name] of [
        [{ controlPort: port }, 'control port'],
        [{ agentPort: port }, 'agent port'],
      ] as const) {
        expect(refusalOf(overrides)).toMatchObject({
          name: 'Problem',
          code: 'invalid',
          message: `The ${name} must be a whole number from 0 to 65535, not "${port}".`,
          hint: '0 takes any free port.',
        });
      }
    },
  );

  test('refuse a port that the other listener has', () => {
    expect(refusalOf({ controlPort: '5000' })).toMatchObject({
      code: 'invalid',
      message: 'agent.port must differ from control.port, and both are 5000.',
    });
  });
});

function refusalOf(overrides: Overrides): unknown {
  try {
    return applyOverrides(config, overrides);
  } catch (error) {
    return error;
  }
}
