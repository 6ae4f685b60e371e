import { describe, expect, test } from 'bun:test';
import { proxyOf, proxyRulesOf } from './proxy.ts';

const proxy = 'http://proxy.test:3128';

describe('the environment', () => {
  test.each([
    [{}, 'https://a.test/', null],
    [{ HTTPS_PROXY: proxy }, 'https://a.test/', proxy],
    [{ HTTPS_PROXY: proxy }, 'http://a.test/', null],
    [{ HTTP_PROXY: proxy }, 'https://a.test/', null],
    [{ HTTP_PROXY: proxy }, 'http://a.test/', proxy],
    [{ ALL_PROXY: proxy }, 'https://a.test/', proxy],
    [{ https_proxy: proxy, HTTPS_PROXY: 'http://other.test' }, 'https://a.test/', proxy],
    [{ https_proxy: '', HTTPS_PROXY: proxy }, 'https://a.test/', proxy],
    [{ HTTPS_PROXY: 'proxy' }, 'https://a.test/', null],
  ])('%p sends %s through %p', (env, url, expected) => {
    expect(proxyOf(new URL(url), proxyRulesOf(env))?.origin ?? null).toBe(expected);
  });
});

// What Bun's fetch did with each of these, on Bun 1.4.5.
describe('NO_PROXY', () => {
  test.each([
    ['a.test', 'https://a.test/', true],
    ['a.test', 'https://api.a.test/', true],
    ['a.test', 'https://ba.test/', false],
    ['.a.test', 'https://a.test/', true],
    ['*.a.test', 'https://api.a.test/', true],
    ['A.TEST', 'https://a.test/', true],
    ['a', 'https://a.test/', false],
    ['*', 'https://a.test/', true],
    [' b.test , a.test ', 'https://a.test/', true],
    ['a.test:8443', 'https://a.test:8443/', true],
    ['a.test:8443', 'https://a.test/', false],
    ['a.test:443', 'https://a.test/', true],
    ['127.0.0.1', 'https://127.0.0.1:9/', true],
    ['127.0.0.0/8', 'https://127.1.2.3/', true],
    ['127.0.0.0/99', 'https://127.1.2.3/', false],
    ['10.0.0.0/8', 'https://127.0.0.1/', false],
    ['::1', 'https://[::1]/', true],
    ['[::1]', 'https://[::1]/', true],
    ['', 'https://a.test/', false],
    [',', 'https://a.test/', false],
  ])('%p and %s: asked directly is %p', (NO_PROXY, url, direct) => {
    expect(proxyOf(new URL(url), proxyRulesOf({ HTTPS_PROXY: proxy, NO_PROXY })) === null).toBe(direct);
  });
});
