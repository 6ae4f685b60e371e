import type { ServiceSetup } from './manager.ts';
import { marker } from './written-file.ts';

export const label = 'stint.daemon';

/** The launch agent of a user: `man 5 launchd.plist`. */
export function launchdAgent({ home, command, environment, stopSeconds }: Omit<ServiceSetup, 'start'>): string {
  const variables = Object.entries({ ...environment, STINT_HOME: home });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    `<!-- ${marker} -->`,
    '<plist version="1.0">',
    '<dict>',
    ...entry('Label', text(label)),
    ...entry('ProgramArguments', '<array>', ...command.map((each) => `  ${text(each)}`), '</array>'),
    ...entry(
      'EnvironmentVariables',
      '<dict>',
      ...variables.flatMap(([name, value]) => entry(name, text(value))),
      '</dict>',
    ),
    ...entry('RunAtLoad', '<true/>'),
    // Started again after a crash, and not after `stint down`.
    ...entry('KeepAlive', '<dict>', ...entry('SuccessfulExit', '<false/>'), '</dict>'),
    ...entry('ThrottleInterval', '<integer>10</integer>'),
    ...entry('ExitTimeOut', `<integer>${stopSeconds}</integer>`),
    // The gateway is on the way of a person who waits.
    ...entry('ProcessType', text('Interactive')),
    ...entry('Umask', '<integer>63</integer>'),
    '</dict>',
    '</plist>',
    '',
  ].join('\n');
}

/** The home that an agent of ours is for. */
export function homeOfAgent(plist: string): string | null {
  const [, value] = /<key>STINT_HOME<\/key>\s*<string>(.*?)<\/string>/s.exec(plist) ?? [];
  if (value === undefined) return null;
  return value.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

function entry(key: string, ...value: readonly string[]): string[] {
  return [`<key>${escaped(key)}</key>`, ...value].map((line) => `  ${line}`);
}

function text(value: string): string {
  return `<string>${escaped(value)}</string>`;
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
