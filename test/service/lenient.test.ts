import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  liveSnapshotSchema,
  type Snapshot,
  snapshotSchema,
} from '../../main/service/contract/engine.ts';
import { parseLive, parseResult, parseSnapshot } from '../../main/service/lenient.ts';
import { alert, mission, server, snapshot } from '../renderer/support/states.ts';

const good: Snapshot = snapshot({
  missions: [mission('a', { servers: [server('one'), server('two')] }), mission('b')],
  alerts: [alert({ id: 'wipe-a', kind: 'wipe', missionId: 'a' })],
});

function withMission(change: object): object {
  const [first, ...others] = good.missions;
  return { ...good, missions: [{ ...first, ...change }, ...others] };
}

describe('one lying wrapper, one odd word of another version', () => {
  it('hides its run, not all missions', () => {
    const run = { mode: 'headless', phase: 'running', activity: 'idle', attention: false };
    const lie = withMission({ run: { ...run, startedAt: 'never', exitCode: null } });
    const parsed = parseResult('status', lie);
    expect(parsed.missions.map(({ id, run: one }) => [id, one])).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect(parseLive({ revision: 3, snapshot: lie })?.snapshot.missions).toHaveLength(2);
  });

  it('hides one server, and shows the other', () => {
    const odd = withMission({ servers: [{ ...server('one'), expiresAt: 'soon' }, server('two')] });
    expect(parseResult('status', odd).missions[0]?.servers.map(({ name }) => name)).toEqual([
      'two',
    ]);
  });

  it('shows a server whose state is not known yet, and an engine with a store that is not', () => {
    const odd = {
      ...withMission({
        servers: [{ ...server('one'), status: 'odd', refreshTrouble: 'odd' }],
      }),
      engine: { running: true, pid: 1, store: 'cloud' },
    };
    const parsed = parseResult('status', odd);
    expect(parsed.engine.store).toBe('unknown');
    expect(parsed.missions[0]?.servers).toEqual([{ ...server('one'), status: 'unknown' }]);
  });

  it('hides the mission whose name is none, and says so in an alert', () => {
    const parsed = parseResult('status', withMission({ name: 7, hash: 'short' }));
    expect(parsed.missions.map(({ id }) => id)).toEqual(['b']);
    const said = parsed.alerts.find(({ id }) => id === 'unshown-a');
    expect(said?.message).toMatch(/"a" is not shown.*hash.*name|name.*hash/);
  });

  it('shows an alert of a kind that is not known yet', () => {
    const odd = { ...good, alerts: [{ ...good.alerts[0], kind: 'new' }, ...good.alerts] };
    expect(parseResult('status', odd).alerts).toEqual([
      { ...good.alerts[0], kind: 'unknown' },
      ...good.alerts,
    ]);
  });

  it('is one line in an error where nothing is understood', () => {
    expect(() => parseResult('status', { missions: 3 })).toThrow(
      /^what the engine answered to "status"/,
    );
    expect(() => parseResult('journal', {})).toThrow(/^[^\n]+$/);
    expect(parseLive('x')).toBeNull();
  });

  it('whatever is said, what comes out is what the contract says', () => {
    const spoilt = fc.record({
      at: fc.constantFrom('name', 'run', 'servers', 'held', 'hash', 'id', 'seenAt', 'trouble'),
      value: fc.jsonValue(),
    });
    fc.assert(
      fc.property(spoilt, ({ at, value }) => {
        const parsed = parseSnapshot(withMission({ [at]: value }));
        expect(parsed).not.toBeNull();
        expect(snapshotSchema.parse(parsed)).toEqual(parsed);
        expect(parsed?.missions.map(({ id }) => id)).toContain('b');
        expect(
          liveSnapshotSchema.safeParse(parseLive({ revision: 1, snapshot: parsed })).success,
        ).toBe(true);
      }),
    );
  });
});
