import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { z } from 'zod';
import { methodsOf, openApi, type Described } from '../../../test/openapi-shape.ts';
import { openRest, type RestRig } from '../../../test/rest-rig.ts';
import { operations } from '../../operations/registry.ts';
import { operationProblems } from './operation-problems.ts';
import { resourcePaths } from './resource-paths.ts';

let rest: RestRig;
let document: z.infer<typeof openApi>;
let all: readonly Described[];

beforeAll(async () => {
  rest = await openRest();
  document = openApi.parse((await rest.send('/api/openapi.json')).body);
  all = methodsOf(document);
});

afterAll(() => rest[Symbol.asyncDispose]());

describe('the document', () => {
  test('has every operation, every path that people expect, and what is neither', () => {
    const shown = operations.filter((each) => each.hidden?.rest === undefined);
    const paths = [
      ...['GET /healthz', 'GET /api/openapi.json', 'POST /api/login', 'POST /api/logout', 'POST /mcp'],
      ...shown.map(({ name }) => `POST /api/${name}`),
      ...shown.filter(({ effect }) => effect === 'read').map(({ name }) => `GET /api/${name}`),
      ...resourcePaths.map(({ method, path }) => `${method} ${path}`),
    ];
    expect(all.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(paths.toSorted());
    const exactly = [
      ...['GET /account-pool', 'GET /account-pool/{provider}'],
      ...['add', 'remove', 'next', 'clear-cooldown'].map((verb) => `POST /account-pool/${verb}`),
      ...['GET', 'POST', 'DELETE'].map((method) => `${method} /api/models/rate-limits`),
      ...['GET /api/pools', 'POST /api/pools', 'PUT /api/pools/{name}/auth-reset-target'],
      ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /api/pools/{name}`),
      ...['GET /api/status', 'GET /api/events'],
      ...['GET /api/jobs', 'POST /api/jobs', 'GET /api/jobs/{id}', 'DELETE /api/jobs/{id}', 'GET /api/jobs/{id}/logs'],
      ...['cancel', 'retry', 'resume', 'park', 'answer'].map((verb) => `POST /api/jobs/{id}/${verb}`),
    ];
    expect(exactly.filter((each) => !paths.includes(each))).toEqual([]);
  });

  test('names each operation once, declares its tags, and the parameters of its path', () => {
    const ids = all.map(({ item }) => item.operationId);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const tags = new Set(document.tags.map(({ name }) => name));
    for (const { path, item } of all) {
      expect((item.tags ?? []).filter((each) => !tags.has(each))).toEqual([]);
      const named = (item.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      expect([path, named]).toEqual([path, path.match(/\{\w+\}/g) ?? []]);
    }
  });

  test('refers only to what it has, and to all of it', () => {
    const text = JSON.stringify(document);
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)].map(([, kind, name]) => `${kind}/${name}`),
    );
    const there = [
      ...Object.keys(document.components.schemas).map((name) => `schemas/${name}`),
      ...Object.keys(document.components.responses).map((name) => `responses/${name}`),
    ];
    expect([...references].filter((each) => !there.includes(each))).toEqual([]);
    // The answer of a stream is in the schema of its lines.
    expect(there.filter((each) => !references.has(each))).toEqual([]);
  });

  test('takes no field that it does not name', () => {
    for (const { path, item } of all.filter((each) => each.path !== '/mcp')) {
      const body = item.requestBody?.content['application/json']?.schema;
      if (body !== undefined) expect([path, body['additionalProperties']]).toEqual([path, false]);
    }
  });

  test('says what can go wrong in operations that there are', () => {
    const names = operations.map((each) => each.name);
    expect(Object.keys(operationProblems).filter((each) => !names.includes(each))).toEqual([]);
  });
});
