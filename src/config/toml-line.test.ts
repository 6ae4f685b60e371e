import { describe, expect, test } from 'bun:test';
import { lineOf } from './toml-line.ts';

describe('the line of a value', () => {
  const places: [string, string, [string[], number | undefined]][] = [
    ['is that of its key', 'a = 1\nb = 2', [['b'], 2]],
    ['counts comments and empty lines', '# a = 1\n\na = 1', [['a'], 3]],
    ['is found below its table', '[t]\na = 1\n[u]\na = 2', [['u', 'a'], 4]],
    ['is found in a table that is opened again below', '[t.x]\na = 1\n[t]\nb = 2', [['t', 'b'], 4]],
    ['is found by a dotted key', '[t]\nx.y = 1', [['t', 'x', 'y'], 2]],
    ['is found by a quoted key', '"a.b" = 1\na.b = 2', [['a', 'b'], 2]],
    ['is found in an inline table', 'a = 1\nt = { x = 1, y = 2 }', [['t', 'y'], 2]],
    ['is the first of a value over several lines', 'a = 1\nb = [\n  1,\n]\nc = 3', [['b'], 2]],
    ['counts the lines of a value before it', 'a = """\nb = 1\n"""\nb = 2', [['b'], 4]],
    ['of a table is that of its heading', 'a = 1\n[t]\nx = 1', [['t'], 2]],
    ['counts the line ends of Windows', '# a\r\n[t]\r\nx = 1\r\ny = 2\r\n', [['t', 'y'], 4]],
    ['is unknown when it is not set', '[t]\nx = 1', [['t', 'y'], undefined]],
    ['is unknown when a part of its path is a value', 't = "x"', [['t', 'length'], undefined]],
    ['is unknown when only every object has it', 'a = 1', [['constructor'], undefined]],
  ];
  test.each(places)('%s', (_, toml, [path, line]) => {
    expect(lineOf(toml, path)).toBe(line);
  });
});
