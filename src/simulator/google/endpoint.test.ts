import { describe, expect, test } from 'bun:test';
import { type Endpoint, endpointOf } from './endpoint.ts';

const request = (method: string, path: string): Parameters<typeof endpointOf>[0] => ({
  method,
  path,
  query: '',
  headers: {},
  body: Buffer.alloc(0),
});
const location = 'locations/us-central1/publishers/google/models';

describe('endpoint of a path', () => {
  test.each<[string, string, Partial<Endpoint>]>([
    ['GET', '/v1beta/models', { api: 'gemini', method: 'models', model: null }],
    ['GET', '/v1/models/gemini-2.5-pro', { api: 'gemini', version: 'v1', method: 'model', model: 'gemini-2.5-pro' }],
    ['POST', '/v1beta/models/a%2Fb:generateContent', { api: 'gemini', method: 'generateContent', model: 'a/b' }],
    ['POST', '/v1beta/models/%zz:generateContent', { model: '%zz' }],
    ['POST', `/v1/projects/p/${location}/m:countTokens`, { api: 'vertex', method: 'countTokens', project: 'p' }],
    ['POST', '/v1beta1/publishers/google/models/m:generateContent', { api: 'vertex', model: 'm', project: null }],
    ['POST', '/v1internal:loadCodeAssist', { api: 'code_assist', method: 'loadCodeAssist', model: null }],
    ['GET', '/v1internal:getCodeAssistGlobalUserSetting', { api: 'code_assist' }],
  ])('%s %s', (method, path, endpoint) => {
    expect(endpointOf(request(method, path))).toMatchObject(endpoint);
  });

  test.each([
    ['GET', '/v1beta/models/m:generateContent'],
    ['POST', '/v1beta/models'],
    ['GET', '/v1internal:loadCodeAssist'],
    ['POST', '/v2/models/m:generateContent'],
    ['GET', '/'],
  ])('%s %s is none', (method, path) => {
    expect(endpointOf(request(method, path))).toBeUndefined();
  });
});
