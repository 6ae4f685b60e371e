/**
 * Says whether a limit on `family` covers `model`. A family is the whole model id or one of its parts between
 * punctuation: `opus` covers `claude-opus-4-8[1m]` and not `claude-sonnet-5`. Null covers every model.
 */
export function coversModel(family: string | null, model: string | null): boolean {
  if (family === null) return true;
  if (model === null) return false;
  if (family === model) return true;
  let from = 0;
  for (;;) {
    const at = model.indexOf(family, from);
    if (at === -1) return false;
    if (!isWordCharacter(model, at - 1) && !isWordCharacter(model, at + family.length)) return true;
    from = at + 1;
  }
}

function isWordCharacter(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}
