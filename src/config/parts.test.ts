import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { configSchema } from './config-schema.ts';
import { findConflicts } from './conflict.ts';
import { parts, readParts } from './parts.ts';

const held = configSchema.parse({ gateway: { holdSeconds: 7 }, log: { level: 'debug' }, audit: { keepDays: 9 } });

function read(toml: string) {
  const { config, faults } = readParts(toml, '/home/me/config.toml', { held });
  return { config, told: faults.map(({ part, problem }) => `${part}: ${problem.message}`) };
}

/** Lines of which some are right, some wrong, and some do not go together. */
const lines = fc.constantFrom(
  ...['control.port = 4610', 'control.port = 5000', 'control.host = "0.0.0.0"', 'control.tls.certFile = "/c"'],
  ...[
    'control.tls.keyFile = "/k"',
    'agent.port = 5000',
    'agent.host = "::"',
    'agent.port = "x"',
    'agent.socket = "/s"',
  ],
  ...['insecureBind = true', 'insecureBind = 1', 'gateway.bodyLimitMiB = 600', 'gateway.bodiesInFlightMiB = 700'],
  ...['gateway.holdSeconds = -1', 'notices.quiet.from = "22:00"', 'notices.quiet.to = "07:00"', 'log.level = "error"'],
  ...['log.x = 1', 'audit.keepDays = 3', 'audit.keepDays = 0', 'telegram.chats = [1]', 'x.y = 1'],
);
const files = fc
  .uniqueArray(lines, { selector: (line) => line.split(' ')[0] ?? '' })
  .map((chosen) => chosen.toSorted((a, b) => a.localeCompare(b)).join('\n'));

test('whatever a file says, its sections go together, and each is its own or the held one, which is told', () => {
  const outcomes = { held: 0, taken: 0 };
  fc.assert(
    fc.property(files, files, (earlier, toml) => {
      const before = readParts(earlier, '/c', { held }).config;
      const { config, faults } = readParts(toml, '/c', { held: before });
      expect(findConflicts(config)).toEqual([]);
      for (const part of parts) {
        const own = configSchema.unwrap().shape[part].safeParse(parse(toml)[part]);
        const isTaken = own.success && isDeepStrictEqual(own.data, config[part]);
        outcomes[isTaken ? 'taken' : 'held'] += 1;
        if (isTaken) continue;
        expect(config[part]).toEqual(before[part]);
        const concerned = faults.flatMap(({ fault }) => [fault?.path[0], fault?.other?.[0]]);
        expect(concerned).toContain(part);
      }
    }),
    { numRuns: 1000 },
  );
  expect(outcomes.held).toBeGreaterThan(500);
});

describe('a file of several sections', () => {
  test('is what it says where nothing is wrong', () => {
    const { config, told } = read('[log]\nlevel = "error"');
    expect(told).toEqual([]);
    expect(config).toEqual(configSchema.parse({ log: { level: 'error' } }));
  });

  test.each(parts.filter((part) => part !== 'insecureBind'))(
    'keeps %s when that is wrong, and takes the others',
    (part) => {
      const other = part === 'log' ? '[audit]\nkeepDays = 3' : '[log]\nlevel = "error"';
      const { config, told } = read(`[${part}]\nnothing = 1\n${other}`);
      // What is below `agents` has names of the user's own.
      const says = part === 'agents' ? 'must be a table' : 'is not a setting';
      expect(told).toEqual([`${part}: config.toml line 2: ${part}.nothing ${says}.`]);
      expect(config[part]).toEqual(held[part]);
      expect(part === 'log' ? config.audit.keepDays : config.log.level).toEqual(part === 'log' ? 3 : 'error');
    },
  );

  test('is held as a whole where it is no TOML', () => {
    const { config, told } = read('[log]\nlevel = "error"\n[audit');
    expect(told).toEqual([': config.toml line 3: incomplete key-value: cannot find end of key.']);
    expect(config).toEqual(held);
  });

  test('tells each section that is wrong, and each that is none', () => {
    const { config, told } = read('x = 1\n[audit]\nkeepDays = 0\n[gateway]\nholdSeconds = -1\n[log]\nlevel = "error"');
    expect(told).toEqual([
      'x: config.toml line 1: x is not a setting.',
      'gateway: config.toml line 5: gateway.holdSeconds must be a whole number from 0 to 3600.',
      'audit: config.toml line 3: audit.keepDays must be a whole number from 1 to 3650.',
    ]);
    expect([config.gateway.holdSeconds, config.audit.keepDays, config.log.level]).toEqual([7, 9, 'error']);
  });

  test('keeps sections that do not go together, and takes the others', () => {
    const { config, told } = read('[control]\nhost = "0.0.0.0"\nport = 5000\n[audit]\nkeepDays = 3');
    expect(told.length).toBe(1);
    expect(told[0]).toStartWith('control: config.toml line 2: control.host must be a loopback address');
    expect([config.control, config.audit.keepDays]).toEqual([held.control, 3]);
  });

  test('keeps both of two sections that do not go together', () => {
    const { config, told } = read('[control]\nport = 5000\n[agent]\nport = 5000');
    expect(told).toEqual(['agent: config.toml line 4: agent.port must differ from control.port, and both are 5000.']);
    expect([config.control.port, config.agent.port]).toEqual([4600, 4610]);
  });

  test('keeps what another section’s old value does not go with', () => {
    const { config, told } = read('insecureBind = 1\n[agent]\nhost = "0.0.0.0"');
    expect(told.length).toBe(2);
    expect([config.insecureBind, config.agent.host]).toEqual([false, '127.0.0.1']);
  });
});
