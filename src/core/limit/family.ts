/**
 * Says whether a limit on `family` covers `model`. A family is one part of a model id between punctuation, `opus` of
 * `claude-opus-4-8[1m]`, or a whole model id, which covers its dated and bracketed forms and never another version:
 * `claude-sonnet-4` covers `claude-sonnet-4-20250514` and not `claude-sonnet-4-5`. Null covers every model. Capitals do
 * not tell models apart.
 */
export function coversModel(family: string | null, model: string | null): boolean {
  if (family === null || family === model) return true;
  if (model === null || family === '') return false;
  const [part, whole] = [family.toLowerCase(), model.toLowerCase()];
  return isWord(part) ? hasPart(whole, part) : isFormOf(whole, part);
}

function hasPart(model: string, part: string): boolean {
  let from = 0;
  for (;;) {
    const at = model.indexOf(part, from);
    if (at === -1) return false;
    if (!isWordCharacter(model, at - 1) && !isWordCharacter(model, at + part.length)) return true;
    from = at + 1;
  }
}

function isFormOf(model: string, id: string): boolean {
  return model.startsWith(id) && /^([-@]\d{8}|-latest)?(\[[^\]]*\])?$/.test(model.slice(id.length));
}

function isWord(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (!isWordCharacter(text, index)) return false;
  return true;
}

function isWordCharacter(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 122);
}
