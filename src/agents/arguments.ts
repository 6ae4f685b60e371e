/** How many arguments the options of a CLI take; those it does not name take none. Names with their dashes. */
export type OptionForms = {
  readonly one: ReadonlySet<string>;
  /** One or none: what follows, unless it begins with a dash. */
  readonly optional: ReadonlySet<string>;
  /** All that follow up to the next dash. */
  readonly many: ReadonlySet<string>;
  /** Those of one letter that take none, and may stand together with others. */
  readonly letters: ReadonlySet<string>;
};

/** A part of a command line: the arguments from `from` up to `to`. */
type Part = { readonly from: number; readonly to: number };
export type GivenOption = Part & { readonly name: string; readonly value: string | null };
export type GivenWord = Part & { readonly value: string };

export type ParsedArguments = { readonly options: readonly GivenOption[]; readonly words: readonly GivenWord[] };

/** Writes out short options that stand together, or with their value: `-cp hi` as `-c -p hi`. */
export function spellOut(args: readonly string[], forms: OptionForms): string[] {
  const spelt: string[] = [];
  let isValue = false;
  for (const [index, text] of args.entries()) {
    if (text === '--' && !isValue) return [...spelt, ...args.slice(index)];
    const parts: readonly string[] = isValue ? [text] : partsOf(text, forms);
    spelt.push(...parts);
    isValue = !isValue && forms.one.has(parts.at(-1) ?? '');
  }
  return spelt;
}

function partsOf(text: string, forms: OptionForms): string[] {
  if (!/^-[a-zA-Z]./.test(text) || forms.many.has(text) || forms.one.has(text) || forms.optional.has(text))
    return [text];
  const [name, rest] = [text.slice(0, 2), text.slice(2)];
  if (forms.one.has(name) || forms.optional.has(name)) return [name, rest.replace(/^=/, '')];
  const others = forms.letters.has(name) ? partsOf(`-${rest}`, forms) : [];
  const known = (each: string | undefined): boolean =>
    each !== undefined && [forms.one, forms.optional, forms.letters].some((names) => names.has(each));
  return known(others[0]) ? [name, ...others] : [text];
}

/** Tells the options of a command line from the words that belong to none, in their order. */
export function parseArguments(args: readonly string[], forms: OptionForms): ParsedArguments {
  const options: GivenOption[] = [];
  const words: GivenWord[] = [];
  let at = 0;
  while (at < args.length) {
    const text = args[at] ?? '';
    if (text === '--') {
      words.push(...args.slice(at + 1).map((value, index) => ({ value, from: at + 1 + index, to: at + 2 + index })));
      break;
    }
    const part = text.startsWith('-') && text.length > 1 ? optionAt(args, at, forms) : null;
    if (part === null) words.push({ value: text, from: at, to: at + 1 });
    else options.push(part);
    at = part?.to ?? at + 1;
  }
  return { options, words };
}

function optionAt(args: readonly string[], from: number, forms: OptionForms): GivenOption {
  const text = args[from] ?? '';
  const equals = text.startsWith('--') ? text.indexOf('=') : -1;
  if (equals !== -1) return { name: text.slice(0, equals), value: text.slice(equals + 1), from, to: from + 1 };
  const follows = args[from + 1];
  const free = follows !== undefined && !follows.startsWith('-');
  if (forms.many.has(text)) {
    const end = args.findIndex((each, index) => index > from && each.startsWith('-'));
    return { name: text, value: free ? follows : null, from, to: end === -1 ? args.length : end };
  }
  const takes = forms.one.has(text) ? follows !== undefined : forms.optional.has(text) && free;
  return { name: text, value: takes ? (follows ?? null) : null, from, to: from + (takes ? 2 : 1) };
}

/** A command line without some of its parts, and without the `--` that nothing follows any more. */
export function withoutParts(args: readonly string[], parts: readonly Part[]): string[] {
  const rest = args.filter((_, index) => !parts.some(({ from, to }) => index >= from && index < to));
  return rest.at(-1) === '--' ? rest.slice(0, -1) : rest;
}

/** The last value that was given for an option under any of its names; null for one without a value. */
export function lastOption({ options }: ParsedArguments, ...names: readonly string[]): GivenOption | undefined {
  return options.findLast((each) => names.includes(each.name));
}
