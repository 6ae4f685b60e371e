import { problemCodes } from '../src/core/problem.ts';
import { describeConfig } from '../src/config/describe-config.ts';
import { needsRestart } from '../src/config/restart.ts';
import type { AnyOperation } from '../src/operations/operation.ts';
import { operations } from '../src/operations/registry.ts';
import { inputFields } from '../src/operations/text-input.ts';
import { exitCodes } from '../src/surfaces/cli/exit-code.ts';
import { problemStatus } from '../src/surfaces/problem-details.ts';

/** The table of docs/configuration.md. */
export function configTable(): string {
  const rows = describeConfig().map((row) => [
    ...[`\`${row.field}\``, row.type, `\`${row.default}\``, needsRestart(row.field) ? 'after a restart' : 'at once'],
    row.description,
  ]);
  return table(['field', 'value', 'default', 'a change acts', 'meaning'], rows);
}

/** The table of docs/operations.md. */
export function operationTable(): string {
  const rows = operations.map((each) => [
    `\`${each.name}\``,
    commandOf(each),
    each.effect,
    fieldsOf(each),
    each.summary,
  ]);
  return table(['operation', 'CLI', 'effect', 'input', 'what it does'], rows);
}

/** Codes of problems in the terms of both surfaces. */
export function problemTable(): string {
  const rows = problemCodes.map((code) => [`\`${code}\``, String(problemStatus[code]), String(exitCodes[code])]);
  return table(['code', 'HTTP status', 'exit code'], rows);
}

function commandOf(operation: AnyOperation): string {
  const hidden = operation.hidden?.cli;
  if (hidden !== undefined) return hidden;
  const [noun = '', verb = ''] = operation.name.split('.');
  const { required } = inputFields(operation);
  const words = operation.positional.map((name) => (required.includes(name) ? `<${name}>` : `[${name}]`));
  return `\`${['stint', ...(noun === 'daemon' ? [] : [noun]), verb, ...words].join(' ')}\``;
}

function fieldsOf(operation: AnyOperation): string {
  const { fields, required } = inputFields(operation);
  const names = Object.keys(fields).map((name) => (required.includes(name) ? `\`${name}\`` : `\`${name}\`?`));
  return names.join(', ') || '-';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
