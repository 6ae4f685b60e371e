import { Problem } from '../../core/problem.ts';
import { parseJson } from '../../lib/parse-json.ts';
import type { Adoption } from '../provider.ts';
import { field } from './error.ts';
import { parsePlanLogin, renderPlanLogin } from './plan-login.ts';

/** Codex's login of a ChatGPT plan: `auth.json` in `CODEX_HOME`. */
export const adoption: Adoption = {
  kind: 'file',
  cli: 'Codex',
  file: 'auth.json',
  read(text) {
    const content = parseJson(text);
    const login = parsePlanLogin(text);
    if (login instanceof Problem) {
      return new Problem('invalid', 'The file holds no login of a ChatGPT plan.', {
        hint: 'Log in there first: codex login. An API key is added with: stint account add openai <label>',
      });
    }
    if (login.refreshToken === '') {
      return new Problem('invalid', 'The login has no refresh token, so that it would end within days.', {
        hint: 'Log in there again: codex login',
      });
    }
    // Left behind alone, Codex 0.169.0 would go on with the key and bill it.
    if (typeof field(content, 'OPENAI_API_KEY') === 'string') {
      return new Problem('invalid', 'The file holds an API key besides the login.', {
        hint: 'Log in there again, which leaves it out: codex logout && codex login',
      });
    }
    return { secret: renderPlanLogin(login), rest: null };
  },
};
