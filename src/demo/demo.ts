/** What the demo is started with. */
export type DemoSetup = {
  readonly agent: 'scripted' | 'claude';
  readonly keep: boolean;
  readonly json: boolean;
  readonly version: string;
  readonly stintCommand: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
};

export async function runDemo(_: DemoSetup): Promise<number> {
  return 1;
}
