import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../main/system/shellQuote.ts';
import { HOOK_EVENTS } from '../../main/wrapper/contract.ts';
import { hookCommand, withHooks } from '../../main/wrapper/hookSettings.ts';

const COMMAND = ['/opt/node', '/opt/AgenC Bar/cli.js'];

type Settings = Record<string, unknown> & { hooks: Record<string, unknown> };
const apply = (settings: object, command: readonly string[] = COMMAND) =>
  withHooks(settings, command) as Settings;

const ours = (event: string, command = COMMAND) => ({
  type: 'command',
  command: hookCommand(command, event),
  timeout: 5,
});
const users = (command: string) => ({ type: 'command', command });

describe('withHooks', () => {
  it('puts the three hooks into empty settings', () => {
    expect(apply({})).toEqual({
      hooks: Object.fromEntries(
        HOOK_EVENTS.map((event) => [event, [{ matcher: '', hooks: [ours(event)] }]]),
      ),
    });
  });

  it('leaves what the user has as it is and where it is', () => {
    const settings = {
      model: 'opus',
      hooks: {
        PreToolUse: [{ matcher: 'Bash', hooks: [users('check')] }],
        Stop: [{ hooks: [users('say done'), users('other')] }, { matcher: '', hooks: [] }],
      },
      permissions: { allow: ['Bash(ls:*)'] },
    };
    const before = structuredClone(settings);
    const after = apply(settings);
    expect(settings).toEqual(before);
    expect(after).toMatchObject({ model: 'opus', permissions: settings.permissions });
    expect(after.hooks.PreToolUse).toEqual(settings.hooks.PreToolUse);
    expect(after.hooks.Stop).toEqual([
      ...settings.hooks.Stop,
      { matcher: '', hooks: [ours('Stop')] },
    ]);
    expect(Object.keys(after)).toEqual(['model', 'hooks', 'permissions']);
    expect(Object.keys(after.hooks).slice(0, 2)).toEqual(['PreToolUse', 'Stop']);
  });

  it('replaces a hook of ours with another path where it stands, and removes doubles', () => {
    const stale = ours('Stop', ['/old/agenc-bar']);
    const after = apply({
      hooks: {
        Stop: [
          { matcher: '', hooks: [users('a'), stale, users('b')] },
          { matcher: '', hooks: [stale] },
          { matcher: '', hooks: [users('c')] },
        ],
      },
    });
    expect(after.hooks.Stop).toEqual([
      { matcher: '', hooks: [users('a'), ours('Stop'), users('b')] },
      { matcher: '', hooks: [users('c')] },
    ]);
  });

  it('leaves alone what is not of the shape that Claude reads', () => {
    expect(withHooks({ hooks: 'none' }, COMMAND)).toEqual({ hooks: 'none' });
    expect(apply({ hooks: { Stop: 'none' } }).hooks.Stop).toBe('none');
    expect(apply({ hooks: { Stop: [null, 3, { hooks: 'none' }] } }).hooks.Stop).toEqual([
      null,
      3,
      { hooks: 'none' },
      { matcher: '', hooks: [ours('Stop')] },
    ]);
  });

  const hook = fc.oneof(
    fc.string().map(users),
    fc.constantFrom(ours('Stop'), ours('Stop', ['/old'])),
    fc.jsonValue(),
  );
  const group = fc.oneof(
    fc.record({ matcher: fc.string(), hooks: fc.array(hook, { maxLength: 4 }) }),
    fc.jsonValue(),
  );
  const event = fc.oneof(fc.constantFrom(...HOOK_EVENTS, 'PreToolUse'), fc.string());
  const settings = fc.record({
    model: fc.string(),
    hooks: fc.dictionary(event, fc.array(group, { maxLength: 4 }), { maxKeys: 5 }),
  });

  /** All hooks that are not ours, in their order. */
  function foreign(groups: unknown): unknown[] {
    return [groups].flat().flatMap((one) => {
      const hooks = (one as { hooks?: unknown } | null)?.hooks;
      return Array.isArray(hooks) ? hooks.filter((each) => !isOurs(each)) : [];
    });
  }
  const isOurs = (one: unknown) => JSON.stringify(one)?.includes('# agenc-bar"') ?? false;

  it('applied twice is as applied once, and the user’s hooks keep their order', () => {
    fc.assert(
      fc.property(settings, (given) => {
        const once = apply(given);
        expect(apply(once)).toEqual(once);
        for (const [name, groups] of Object.entries(given.hooks)) {
          expect(foreign(once.hooks[name])).toEqual(foreign(groups));
        }
        for (const name of HOOK_EVENTS) {
          const text = JSON.stringify(once.hooks[name]);
          expect(text.split(JSON.stringify(ours(name))).length).toBeGreaterThanOrEqual(2);
        }
      }),
    );
  });
});

describe('the hook’s command', () => {
  it('is read back by the shell as it was, whatever is in the path', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (words) => {
        const clean = words.map((word) => word.replaceAll('\0', ''));
        const line = clean.map(shellQuote).join(' ');
        const out = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
        expect(out.split('\0').slice(0, -1)).toEqual(clean);
      }),
      { numRuns: 40 },
    );
  });

  it('never fails Claude, not even when the program is gone', () => {
    const command = hookCommand(["/it's/not here"], 'Stop');
    expect(execFileSync('sh', ['-c', `${command}\necho "$?"`], { stdio: 'pipe' }).toString()).toBe(
      '0\n',
    );
  });
});
