type Options = {
  readonly cwd: string;
  /** The whole environment; without it the test's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** Runs a program to its end, without input. */
export async function runCommand(command: readonly string[], options: Options) {
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr), child.exited]);
  return { stdout, stderr, code: child.exitCode, signal: child.signalCode };
}

function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return new Response(stream).text();
}
