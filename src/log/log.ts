import { getRotatingFileSink } from '@logtape/file';
import { configure, dispose, getJsonLinesFormatter, getLogger, type LogLevel } from '@logtape/logtape';

const fileBytes = 8 * 1024 * 1024;
const files = 5;

export type LogOptions = { readonly path: string; readonly level: LogLevel };

/** One line of JSON per event, in a file that is rotated at 8 MiB and kept five times. */
export interface Log {
  info(message: string, properties?: object): void;
  warning(message: string, properties?: object): void;
  /** A bug: with its stack. */
  readonly bug: (error: unknown) => void;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** Lines reach the file within a second, and never delay whom they tell about. One log per process. */
export async function openLog({ path, level }: LogOptions): Promise<Log> {
  const sink = getRotatingFileSink(path, {
    maxSize: fileBytes,
    maxFiles: files,
    bufferSize: 64 * 1024,
    flushInterval: 500,
    nonBlocking: true,
    formatter: getJsonLinesFormatter({ properties: 'flatten' }),
  });
  await configure({
    reset: true,
    sinks: { file: sink },
    loggers: [
      { category: 'stint', sinks: ['file'], lowestLevel: level },
      { category: ['logtape', 'meta'], sinks: ['file'], lowestLevel: 'warning' },
    ],
  });
  const logger = getLogger('stint');
  return {
    info: (message, properties) => logger.info(message, { ...properties }),
    warning: (message, properties) => logger.warning(message, { ...properties }),
    bug: (error) =>
      logger.error('bug', { stack: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    close: () => dispose(),
  };
}
