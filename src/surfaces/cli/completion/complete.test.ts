import { describe, expect, test } from 'bun:test';
import { Argument, Command, Option } from 'commander';
import { complete, type Names } from './complete.ts';

const root = new Command('stint').option('--pool <pool>').option('--home <folder>').option('--json').helpCommand(false);
const account = root.command('account').description('Accounts').helpCommand(false);
account.command('show').argument('<account>').option('--watch [seconds]');
account.command('list');
const pool = root.command('pool').helpCommand(false);
pool
  .command('create')
  .argument('<name>')
  .argument('<accounts...>')
  .addOption(new Option('--strategy <strategy>').choices(['sticky', 'priority']))
  .option('--accounts <accounts...>');
root.command('completion').addArgument(new Argument('<shell>').choices(['bash', 'fish']));
root.command('claude').argument('[args...]').summary('Run it');

const asked: { wanted: string; command: string; taken: readonly string[]; home: string | undefined }[] = [];
const names: Names = {
  foreign: ['claude'],
  of: (wanted, { command, taken, home }) => {
    asked.push({ wanted, command, taken, home });
    if (wanted === 'home') return 'folders';
    const known: Record<string, string[]> = {
      account: ['a/one', 'a/two'],
      accounts: ['a/one', 'a/two'],
      pool: ['own'],
    };
    return (known[wanted] ?? []).map((value) => ({ value, description: 'open' }));
  },
};

describe('a command line goes on with', () => {
  test.each([
    ['a command', 'acc', ['account']],
    ['a verb', 'account s', ['show']],
    ['every verb', 'account ', ['show', 'list']],
    ['a name', 'account show a/t', ['a/two']],
    ['a name behind a flag that takes none', 'account show --json ', ['a/one', 'a/two']],
    ['a name behind a flag whose value may be left out', 'account show --watch a/o', ['a/one']],
    ['names that do not stand there yet', 'pool create x a/one ', ['a/two']],
    ['a flag', 'pool create x --strat', ['--strategy']],
    ['flags where nothing else fits', 'account list ', ['--help']],
    ['the value of a flag', 'pool create x --strategy p', ['priority']],
    ['the value of a flag in one word', 'pool create x --strategy=s', ['--strategy=sticky']],
    ['several values of one flag', 'pool create x --accounts a/one a/', ['a/one', 'a/two']],
    ['the value of a flag of all commands', '--pool ', ['own']],
    ['a choice', 'completion f', ['fish']],
    ['an argument that begins like a flag, behind --', 'account show -- a/', ['a/one', 'a/two']],
    ['nothing behind all arguments', 'account show a/one x', []],
    ['nothing for a command that there is not', 'nonsense ', []],
    ['nothing for a flag that there is not', 'account show --nonsense=', []],
  ])('%s: %s', async (_, line, values) => {
    const { candidates, paths } = await complete(root, line.split(' '), names);
    expect(candidates.map((each) => each.value)).toEqual(values);
    expect(paths).toBeNull();
  });

  test.each([
    ['a folder for a home', '--home ', 'folders'],
    ['files for an agent, whose arguments are its own', 'claude --mod', 'files'],
    ['files for an agent behind flags of ours', '--pool own claude -p ', 'files'],
  ] as const)('%s', async (_, line, paths) => {
    expect(await complete(root, line.split(' '), names)).toEqual({ candidates: [], paths });
  });

  test('names of the home that the line says, with the arguments before them', async () => {
    asked.length = 0;
    await complete(root, ['--home', '/other', 'pool', 'create', 'own', ''], names);
    expect(asked).toEqual([{ wanted: 'accounts', command: 'pool create', taken: ['own'], home: '/other' }]);
  });
});
