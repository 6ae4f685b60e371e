import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { captured } from '../../../test/builders.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
import { parseReset } from './reset.ts';

const now = captured;

describe('a reset time', () => {
  test.each([
    ['seconds', '30', now + 30 * secondMs],
    ['no seconds at all', '0', now],
    ['seconds with a fraction', '1.5', now + 1500],
    ['a fraction of a millisecond, rounded up', '0.0001', now + 1],
    ['space around it', ' 30 ', now + 30 * secondMs],
    ['a length in seconds', '1.5s', now + 1500],
    ['a length in milliseconds', '1500ms', now + 1500],
    ['minutes and seconds', '6m0s', now + 6 * minuteMs],
    ['days and hours', '1d2h', now + dayMs + 2 * hourMs],
    ['hours, minutes and seconds', '3h12m5s', now + 3 * hourMs + 12 * minuteMs + 5 * secondMs],
    ['epoch seconds', '1795226099', 1_795_226_099_000],
    ['epoch seconds with a fraction', '1795226099.5', 1_795_226_099_500],
    ['epoch milliseconds', '1795226099000', 1_795_226_099_000],
    ['an HTTP date', 'Sat, 21 Nov 2026 01:54:59 GMT', 1_795_226_099_000],
    ['ISO in UTC', '2026-11-21T00:55:06Z', now + 7 * secondMs],
    ['ISO with a fraction', '2026-11-21T00:55:06.250Z', now + 7250],
    ['ISO with an offset', '2026-11-21T01:55:06+01:00', now + 7 * secondMs],
  ])('in the form of %s parses', (_, text, at) => {
    expect(parseReset(text, now)).toBe(at);
  });

  test.each([
    ['Anthropic, five hours', '1795226099', 1_795_226_099_000],
    ['Anthropic, seven days', '1795568099', 1_795_568_099_000],
    ['Anthropic, Retry-After', '2094', now + 2_094_000],
    ['Anthropic, tokens of a key', '2026-11-21T00:55:06Z', now + 7 * secondMs],
    ['OpenAI, x-ratelimit-reset-requests', '120ms', now + 120],
    ['OpenAI, x-ratelimit-reset-tokens', '6s', now + 6 * secondMs],
    ['Codex, reset-at', '1795240500', 1_795_240_500_000],
    ['Codex, reset-after-seconds', '18001', now + 18_001_000],
    ['Codex, resets_in_seconds', '13872', now + 13_872_000],
    ['Gemini, quotaResetDelay', '1h0m0s', now + hourMs],
    ['Gemini, the text of a day', '3h12m5s', now + 11_525_000],
    ['Gemini, quotaResetTimeStamp', '2026-11-21T01:54:59Z', 1_795_226_099_000],
  ])('that was captured from %s parses', (_, text, at) => {
    expect(parseReset(text, now)).toBe(at);
  });

  test.each([
    ['nothing', ''],
    ['space', '   '],
    ['a missing header', null],
    ['a missing field', undefined],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['a negative number', '-30'],
    ['a negative length', '-6m0s'],
    ['a signed number', '+30'],
    ['10^30', `1${'0'.repeat(30)}`],
    ['400 characters', '9'.repeat(400)],
    ['400 characters of a length', '1h'.repeat(200)],
    ['400 characters of a time', `2026-11-21T01:54:59Z${'[x=y]'.repeat(76)}`],
    ['an exponent', '1e9'],
    ['hexadecimal', '0x10'],
    ['digits of another script', '３０'],
    ['two decimal points', '1.5.5'],
    ['a comma', '1,5'],
    ['a list, as from two headers', '30, 60'],
    ['a unit without a number', 's'],
    ['units out of order', '5s6m'],
    ['an unknown unit', '3w'],
    ['words', 'tomorrow'],
    ['an ISO duration', 'PT5M'],
    ['past epoch seconds', '1795222498'],
    ['past epoch milliseconds', '1795222498999'],
    ['a past HTTP date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['a past ISO time', '2026-11-21T00:54:58Z'],
    ['ISO without an offset', '2026-11-21T01:54:59'],
    ['an ISO day', '2026-11-22'],
    ['an ISO time that does not exist', '2026-13-45T99:99:99Z'],
    ['an HTTP date that does not exist', 'Tue, 31 Feb 2027 00:00:00 GMT'],
    ['an HTTP date of an unknown month', 'Sat, 21 Nox 2026 01:54:59 GMT'],
    ['an HTTP date in another zone', 'Sat, 21 Nov 2026 01:54:59 CET'],
    ['a line break', '30\n60'],
    ['markup', '<b>30</b>'],
  ])('that is %s is skipped', (_, text) => {
    expect(parseReset(text, now)).toBeNull();
  });

  test('is null or a whole number that is not in the past, whatever the text', () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.stringMatching(/^[0-9.dhms:TZ+-]{0,40}$/),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((each) => each.toUTCString()),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const at = parseReset(text, now);
        if (at === null) return;
        expect(Number.isSafeInteger(at)).toBe(true);
        expect(at).toBeGreaterThanOrEqual(now);
      }),
      { numRuns: 2000 },
    );
  });

  test('means the same moment in every form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 35 * 86_400 }), (seconds) => {
        const at = now + seconds * secondMs;
        const date = new Date(at);
        const forms = [
          `${seconds}`,
          `${seconds}s`,
          `${seconds * 1000}ms`,
          `${at / 1000}`,
          `${at}`,
          date.toUTCString(),
          date.toISOString(),
        ];
        expect(forms.map((form) => parseReset(form, now))).toEqual(forms.map(() => at));
      }),
    );
  });
});
