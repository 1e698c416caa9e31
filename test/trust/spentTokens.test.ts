import { describe, expect, it } from 'vitest';
import { createSpentTokens } from '../../main/trust/spentTokens.ts';

describe('tokens that gave way', () => {
  it('are remembered by server, and forgiven one by one', () => {
    const spent = createSpentTokens({});
    spent.add('bank', '1');
    spent.add('bank', '2');
    expect(spent.has('bank', '1')).toBe(true);
    expect(spent.has('mail', '1')).toBe(false);
    expect(spent.forgive('bank', '1')).toBe(true);
    expect(spent.forgive('bank', '1')).toBe(false);
    expect(createSpentTokens(spent.toFile()).has('bank', '2')).toBe(true);
    spent.forgive('bank', '2');
    expect(spent.toFile()).toEqual({});
  });

  it('of one server lose the oldest first, and nobody else’s', () => {
    const spent = createSpentTokens({ mail: ['m'] });
    for (let n = 0; n < 60_000; n += 1) spent.add('bank', `${n}`);
    expect(spent.has('bank', '0')).toBe(false);
    expect(spent.has('bank', '59999')).toBe(true);
    expect(spent.toFile().bank).toHaveLength(2_000);
    expect(spent.has('mail', 'm')).toBe(true);
  });

  it('of many servers lose those of whoever has most', () => {
    const spent = createSpentTokens({ mail: ['m'] });
    for (let server = 0; server < 50; server += 1)
      for (let n = 0; n < 2_000; n += 1) spent.add(`made-up-${server}`, `${n}`);
    const kept = Object.values(spent.toFile()).reduce((sum, { length }) => sum + length, 0);
    expect(kept).toBe(50_000);
    expect(spent.has('mail', 'm')).toBe(true);
  });
});
