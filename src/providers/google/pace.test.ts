import { expect, test } from 'bun:test';
import { paceError } from './pace.ts';

test.each([
  ['"retryDelay": "11525s"', '"retryDelay": "60s"'],
  ['"retryDelay":"3h12m5s"', '"retryDelay":"60s"'],
  ['"retryDelay":"60s"', '"retryDelay":"60s"'],
  ['"retryDelay":"35.6s"', '"retryDelay":"35.6s"'],
  ['"retryDelay":"9999999999999s"', '"retryDelay":"60s"'],
  ['"quotaResetDelay":"3h12m5s"', '"quotaResetDelay":"60s"'],
  ['"message":"Please retry in 7200.5s."', '"message":"Please retry in 60s."'],
  ['"message":"Your quota will reset after 3h12m5s."', '"message":"Your quota will reset after 3h12m5s."'],
  ['"reason":"QUOTA_EXHAUSTED"', '"reason":"RATE_LIMIT_EXCEEDED"'],
  ['"reason":"QUOTA_EXHAUSTED","retryDelay":"30s"', '"reason":"RATE_LIMIT_EXCEEDED","retryDelay":"1s"'],
  ['"message":"a \\"retryDelay\\":\\"99s\\""', '"message":"a \\"retryDelay\\":\\"99s\\""'],
])('the error %j reaches its client as %j', (text, paced) => {
  expect(paceError(text)).toBe(paced);
});
