import { describe, expect, it } from 'vitest';
import type { Digest } from '../../main/credentials/digest.ts';
import type { FieldId } from '../../main/credentials/fields.ts';
import { type Change, createBringers } from '../../main/sync/bringers.ts';

const FIELD = '/mcpOAuth/bank|1' as FieldId;
const digest = (text: string) => text as Digest;

function change(former: string | null, latter: string | null, more: Partial<Change> = {}): Change {
  const [before, after] = [former, latter].map((text) => (text === null ? null : digest(text)));
  return {
    field: FIELD,
    former: before ?? null,
    latter: after ?? null,
    from: null,
    isRefresh: false,
    ...more,
  };
}

describe('who brought a value', () => {
  it('is the mission that it came from, also once another has replaced it', () => {
    const bringers = createBringers();
    bringers.note([change(null, 'v1', { from: 'a' })]);
    bringers.note([change('v1', 'v2', { from: 'evil', isRefresh: true })]);
    expect(bringers.of(FIELD, digest('v1'))).toBe('a');
    expect(bringers.of(FIELD, digest('v2'))).toBe('evil');
    expect(bringers.of(FIELD, digest('v3'))).toBe(null);
  });

  it('is who made it up, though the engine has refreshed that', () => {
    const bringers = createBringers();
    bringers.note([change('v1', 'v2', { from: 'evil' })]);
    bringers.note([change('v2', 'v3', { isRefresh: true })]);
    expect(bringers.of(FIELD, digest('v3'))).toBe('evil');
  });

  it('is nobody, of what the user put back', () => {
    const bringers = createBringers();
    bringers.note([change('v1', 'v2', { from: 'evil' })]);
    bringers.note([change('v2', 'v1')]);
    expect(bringers.of(FIELD, digest('v1'))).toBe(null);
  });

  it('is known still of what waits to be replaced while thousands of others come', () => {
    const bringers = createBringers();
    for (let index = 0; index < 20_000; index += 1)
      bringers.note([{ ...change(null, 'v1', { from: 'evil' }), field: `/f/${index}` as FieldId }]);
    bringers.note([change(null, 'v1', { from: 'a' })]);
    expect(bringers.of(FIELD, digest('v1'))).toBe('a');
    expect(bringers.of('/f/0' as FieldId, digest('v1'))).toBe(null);
  });
});
