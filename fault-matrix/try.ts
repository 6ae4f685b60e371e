import { runMatrix } from './run.ts';
import { tellSeen, tellSends, tellLeft, sightOf } from './tell.ts';
import { expectedIn } from './fault.ts';
const t = performance.now();
const pat = process.argv[2] ?? '';
const cp = process.argv[3] ?? '';
let last = '';
for (const { row, column, cell } of await runMatrix((r, c) => r.title.includes(pat) && c.title.includes(cp))) {
  if (row.title !== last) console.log('\n## ' + (last = row.title));
  const e = expectedIn(row, column);
  const bad = [
    sightOf(cell.first) !== e.first && 'first',
    sightOf(cell.second) !== e.second && 'second',
    cell.left.a.standing !== e.a && 'a',
    cell.left.b.standing !== e.b && 'b',
    cell.sends.a > e.sends.a && 'sends a',
    cell.sends.b > e.sends.b && 'sends b',
  ].filter(Boolean);
  console.log(
    column.title.padEnd(31),
    '|',
    tellSeen(cell.first),
    '|',
    tellSeen(cell.second),
    '|',
    tellSends(cell),
    '|',
    tellLeft(cell),
    bad.length ? '   <<<< ' + bad : '',
    cell.bugs.length ? cell.bugs : '',
  );
}
console.log(Math.round(performance.now() - t), 'ms');
