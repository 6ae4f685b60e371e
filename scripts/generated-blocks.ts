export type Generators = Readonly<Record<string, () => string | Promise<string>>>;

/** Fills each block with what its generator returns; a block without a generator or without an end is an error. */
export async function fillBlocks(markdown: string, generators: Generators): Promise<string> {
  const parts = markdown.split(/^(<!-- generated:.* -->)$/m);
  let filled = parts[0] ?? '';
  for (let index = 1; index < parts.length; index += 2) {
    const start = parts[index] ?? '';
    const name = start.slice('<!-- generated:'.length, -' -->'.length);
    const generate = Object.hasOwn(generators, name) ? generators[name] : undefined;
    if (generate === undefined) throw new Error(`No generator is called "${name}".`);
    filled += `${start}\n${await generate()}\n${fromEnd(parts[index + 1] ?? '', name)}`;
  }
  return filled;
}

function fromEnd(rest: string, name: string): string {
  const end = rest.indexOf('<!-- /generated -->');
  if (end === -1) throw new Error(`The generated block "${name}" has no <!-- /generated -->.`);
  return rest.slice(end);
}

/** Names the generators that fill no block in any of the texts: their table has silently gone from the docs. */
export function unusedGenerators(markdowns: readonly string[], generators: Generators): string[] {
  return Object.keys(generators).filter(
    (name) => !markdowns.some((text) => text.includes(`<!-- generated:${name} -->\n`)),
  );
}
