import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDigester } from '../../main/credentials/digest.ts';
import { type Entry, type Json, parseEntry, serialiseEntry } from '../../main/credentials/entry.ts';
import { fieldsOf, splitField, withFields } from '../../main/credentials/fields.ts';
import { serverStatus, summariseServers } from '../../main/credentials/serverState.ts';
import { fakeEntry, fakeServer, MARK } from '../support/fake.ts';

const objects = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 });
const entries = fc.record(
  {
    mcpOAuth: objects,
    mcpOAuthClientConfig: objects,
    pluginSecrets: objects,
    claudeAiOauth: fc.jsonValue(),
    'a/b~c': fc.jsonValue(),
  },
  { requiredKeys: [] },
);

/** As read: what JSON cannot carry (-0, lone surrogates) is gone. */
function parsed(value: unknown): Entry | null {
  const result = parseEntry(JSON.stringify(value));
  return result.status === 'ok' ? result.entry : null;
}

describe('parsing an entry', () => {
  it.each([
    ['', 'empty'],
    ['  \n', 'empty'],
    ['{"mcpOAuth":{', 'not valid JSON'],
    ['\ufeff{}', 'not valid JSON'],
    ['[]', 'not a JSON object'],
    ['null', 'not a JSON object'],
    ['"text"', 'not a JSON object'],
    ['{"mcpOAuth":[]}', '"mcpOAuth" is not an object'],
    ['{"mcpOAuth":null}', '"mcpOAuth" is not an object'],
    ['{"pluginSecrets":"x"}', '"pluginSecrets" is not an object'],
    ['{"a":1e999}', 'number'],
    ['{"a":"\\ud800"}', 'Unicode'],
    [`{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'nested too deeply'],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'not a JSON object'],
    [`{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`, ''],
  ])('%#: refuses %.30s and says why', (text, reason) => {
    const result = parseEntry(text);
    expect(result.status).toBe('malformed');
    if (result.status === 'malformed') expect(result.reason).toContain(reason);
  });

  it('never quotes the text in its reason', () => {
    const result = parseEntry(`{"mcpOAuth":{"a":"${MARK}x"`);
    expect(JSON.stringify(result)).not.toContain(MARK);
  });

  it.each([
    ['10 MB of text', { blob: 'x'.repeat(10_000_000) }, /^too large: it has 9\.5 MB/],
    [
      '501 servers',
      {
        mcpOAuth: Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`s${index}`, {}])),
      },
      /^too large: it holds 501 servers/,
    ],
  ])('leaves %s alone, and says why', (_, entry, reason) => {
    expect(parseEntry(JSON.stringify(entry))).toEqual({
      status: 'malformed',
      reason: expect.stringMatching(reason),
    });
  });

  it('carries an entry of 500 servers and nearly 1 MB', () => {
    const servers = Array.from({ length: 500 }, (_, index) =>
      fakeServer(`s${index}`, { scope: 'x'.repeat(1_500) }),
    );
    expect(parseEntry(fakeEntry(servers)).status).toBe('ok');
  });

  it('writes back what it read, keys in their order', () => {
    const text = '{"z":1,"mcpOAuth":{"b":{},"a":{"x":[1,2.5,"ü"]}},"__proto__":{"y":null}}';
    const result = parseEntry(text);
    expect(result.status === 'ok' && serialiseEntry(result.entry)).toBe(text);
  });
});

describe('the credential hash', () => {
  it('is SHA-256 over RFC 8785, for any entry', () => {
    const digester = createDigester();
    fc.assert(
      fc.property(entries, (value) => {
        const entry = parsed(value);
        if (entry === null) return;
        expect(digester.entry(entry)).toBe(hash('sha256', canonicalize(entry) ?? ''));
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    const digester = createDigester();
    const a = parsed({ mcpOAuth: { x: { p: 1, q: 2 }, y: 1 }, other: 1 }) ?? {};
    const b = parsed({ other: 1, mcpOAuth: { y: 1, x: { q: 2, p: 1 } } }) ?? {};
    expect(digester.entry(a)).toBe(digester.entry(b));
  });

  it('stays right whatever it saw before in the same field', () => {
    const digester = createDigester();
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const [fresh, known] = [createDigester(), digester];
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(known.field('/x', json)).toBe(fresh.field('/x', json));
      }),
    );
  });
});

describe('fields', () => {
  it('cover the whole entry: taking it apart and putting it together changes nothing', () => {
    fc.assert(
      fc.property(entries, (value) => {
        const entry = parsed(value);
        if (entry === null) return;
        const rebuilt = withFields(null, fieldsOf(entry));
        for (const map of ['mcpOAuth', 'mcpOAuthClientConfig', 'pluginSecrets']) {
          // An empty map holds no field; it is kept where it is, but not made anew.
          if (entry[map] !== undefined && Object.keys(entry[map] ?? {}).length === 0) return;
        }
        expect(canonicalize(rebuilt)).toBe(canonicalize(entry));
      }),
    );
  });

  it('have ids that are JSON Pointers, whatever the keys hold', () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        const [id = ''] = fieldsOf({ mcpOAuth: Object.fromEntries([[key, 1]]) }).keys();
        expect(splitField(id)).toEqual({ map: 'mcpOAuth', key });
      }),
    );
  });

  it('leave an empty map behind when the last server goes, as the client does', () => {
    const entry = { mcpOAuth: { a: 1 }, other: 2 };
    expect(withFields(entry, new Map([['/mcpOAuth/a', undefined]]))).toEqual({
      mcpOAuth: {},
      other: 2,
    });
  });
});

describe('the states of a server', () => {
  it.each([
    ['usable', { accessToken: 'FAKE-SECRET-a', expiresAt: 1 }],
    ['usable', { accessToken: '', refreshToken: 'FAKE-SECRET-r' }],
    ['registered', { accessToken: '', clientId: 'c' }],
    ['registered', { accessToken: 5, refreshToken: ['x'] }],
    ['registered', 'text'],
    ['invalidated', { accessToken: '', expiresAt: 0, clientId: 'c' }],
  ] as const)('%s: %j', (status, value) => {
    expect(serverStatus(value as never)).toBe(status);
  });

  it('are called by their own keys, whatever is in those', () => {
    const names = ['a~1b', 'a/b', '~'];
    const entry = { mcpOAuth: Object.fromEntries(names.map((name) => [name, { clientId: 'c' }])) };
    expect(summariseServers(entry).map(({ name }) => name)).toEqual(names);
  });

  it('may be shown without any secret', () => {
    const result = parseEntry(fakeEntry(['loop', fakeServer('second', { expiresAt: 'soon' })]));
    const servers = summariseServers(result.status === 'ok' ? result.entry : null);
    expect(servers).toMatchObject([
      { name: 'loop', status: 'usable', expiresAt: expect.any(Number) },
      { name: 'second', status: 'usable', expiresAt: null },
    ]);
    expect(JSON.stringify(servers)).not.toContain(MARK);
  });
});
