import { getRotatingFileSink } from '@logtape/file';
import { compareLogLevel, type LogLevel, type LogRecord, type Sink } from '@logtape/logtape';
import { Problem } from '../core/problem.ts';
import { describeFileError } from '../lib/atomic-file.ts';

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

/** A log whose level can change. */
export type LeveledLog = Log & {
  /** From here on what is less important than this is left out. */
  setLevel(level: LogLevel): void;
};

/** Lines reach the file within a second, and never delay whom they tell about. Throws a Problem when there can be no file. */
export function openLog({ path, level }: LogOptions): LeveledLog {
  let lowest = level;
  const sink = openSink(path);
  // Straight into the sink: the registry of loggers in between cost a request more than all of selection.
  const write = (level: LogLevel, message: string, properties: object = {}): void => {
    if (compareLogLevel(level, lowest) < 0) return;
    const own = properties as Record<string, unknown>;
    sink({ category, level, message: [message], rawMessage: message, properties: own, timestamp: Date.now() });
  };
  return {
    info: (message, properties) => write('info', message, properties),
    warning: (message, properties) => write('warning', message, properties),
    bug: (error) =>
      write('error', 'bug', { stack: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    setLevel: (next) => void (lowest = next),
    close: async () => sink[Symbol.asyncDispose](),
  };
}

function openSink(path: string): Sink & AsyncDisposable {
  try {
    return getRotatingFileSink(path, {
      maxSize: fileBytes,
      maxFiles: files,
      bufferSize: 64 * 1024,
      flushInterval: 500,
      nonBlocking: true,
      formatter: formatLine,
      // Its first overload, which takes every option, hides the one for nonBlocking.
    }) as unknown as Sink & AsyncDisposable;
  } catch (error) {
    throw new Problem('unavailable', `${path} cannot be written: ${describeFileError(error)}.`, {
      hint: 'Move it away, then start Stint again',
      cause: error,
    });
  }
}

const category = ['stint'];
const levelNames: Readonly<Record<LogLevel, string>> = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  warning: 'WARN',
  error: 'ERROR',
  fatal: 'FATAL',
};

function formatLine({ timestamp, level, rawMessage, properties }: LogRecord): string {
  const head = `{"@timestamp":"${new Date(timestamp).toISOString()}","level":"${levelNames[level]}","message":${JSON.stringify(rawMessage)}`;
  const rest = JSON.stringify(properties);
  return rest === '{}' ? `${head}}\n` : `${head},${rest.slice(1)}\n`;
}
