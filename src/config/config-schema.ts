import { z } from 'zod';

const logLevels = ['debug', 'info', 'warning', 'error'] as const;
const vaultKeys = ['file', 'keychain', 'passphrase'] as const;

const port = () => wholeNumber(0, 65_535);
const host = () => z.string({ error: 'must be a host name or an address' }).min(1, { error: 'must not be empty' });

/**
 * All of `config.toml`: every field has a default, and a field that is not here is an error. The messages complete the
 * sentence that begins with the field's name.
 */
export const configSchema = section({
  control: section({
    port: port().default(4600).describe('Port of the control API; 0 takes any free one.'),
    host: host().default('127.0.0.1').describe('Address on which the control API listens.'),
  }),
  agent: section({
    port: port().default(4610).describe('Port of the gateway that agents speak to; 0 takes any free one.'),
    host: host().default('127.0.0.1').describe('Address on which the gateway listens.'),
  }),
  insecureBind: z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .describe('Allows a host outside loopback, where tokens travel unencrypted.'),
  gateway: section({
    bodyLimitMiB: wholeNumber(1, 1024).default(64).describe('Largest request body, in MiB.'),
    bodiesInFlightMiB: wholeNumber(1, 65_536).default(512).describe('Memory for request bodies in all, in MiB.'),
    headTimeoutSeconds: section({
      streamed: wholeNumber(1, 3600).default(120).describe('Longest wait for the head of a streamed answer.'),
      whole: wholeNumber(1, 3600).default(600).describe('Longest wait for the head of an answer in one piece.'),
    }),
    idleTimeoutSeconds: wholeNumber(1, 3600).default(300).describe('Longest silence within an answer.'),
    stopGraceSeconds: wholeNumber(0, 3600).default(30).describe('Time for open requests to end when Stint stops.'),
    holdSeconds: wholeNumber(0, 3600)
      .default(240)
      .describe('Longest wait for an account inside an open request of `stint claude`; 0 never waits.'),
    probeClosed: z
      .boolean({ error: 'must be true or false' })
      .default(false)
      .describe(
        'Lets one request an hour find out whether an account that is closed for long is open, when no other is.',
      ),
  }),
  network: section({
    caFile: z
      .string({ error: 'must be a path' })
      .regex(/^(\/.*)?$/, { error: 'must be an absolute path' })
      .default('')
      .describe('PEM file with certificates to trust besides the usual ones, as a proxy that opens TLS needs it.'),
  }),
  log: section({
    level: oneOf(logLevels).default('info').describe('The least important messages that are logged.'),
  }),
  vault: section({
    key: oneOf(vaultKeys).default('file').describe('Where the key of a new vault is kept.'),
  }),
});

/** The settings of a daemon. */
export type Config = z.infer<typeof configSchema>;

/** A table of the file; one that is left out is one whose fields are all left out. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const table = z.strictObject(shape, {
    error: (issue) => (issue.code === 'invalid_type' ? 'must be a table' : undefined),
  });
  return table.prefault({} as z.input<typeof table>);
}

function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, { error: `must be ${values.slice(0, -1).map(quote).join(', ')} or ${quote(values.at(-1))}` });
}

function quote(text: string | undefined): string {
  return `"${text ?? ''}"`;
}
