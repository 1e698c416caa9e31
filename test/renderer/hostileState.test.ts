import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attentionOf } from '../../electron/attention.ts';
import { trayView } from '../../electron/tray/trayView.ts';
import { shownSnapshot } from '../../main/service/contract/shownSnapshot.ts';
import { noticesOf } from '../../renderer/alerts/notices.ts';
import { clock, dayOf } from '../../renderer/log/format.ts';
import { actionsOf } from '../../renderer/missions/actions.ts';
import { missionGroups } from '../../renderer/missions/groups.ts';
import {
  lasting,
  nextExpiry,
  placeOf,
  serverWords,
  statusOf,
} from '../../renderer/missions/words.ts';
import { type Grid, gridOf, MOST_COLUMNS, onlyTrouble } from '../../renderer/servers/grid.ts';
import {
  cellName,
  cellText,
  columnWords,
  gridSummary,
  headerName,
  renewalWords,
  rowName,
} from '../../renderer/servers/words.ts';
import { piecesOf } from '../../renderer/text/addresses.ts';
import { summary } from '../../renderer/text/summary.ts';
import { ago, exactTime, expiry, machineTime, msOf, span } from '../../renderer/text/time.ts';
import { hostileState, hostileText } from './support/hostileState.ts';
import { mission, NOW, server, snapshot, withSnapshot } from './support/states.ts';

/** All that is said of a grid. */
function gridTexts(grid: Grid): string[] {
  const nameOf = (id: string): string => id;
  return [
    gridSummary(grid),
    ...grid.columns.flatMap((column) => [headerName(column), columnWords(grid, column.key)]),
    ...grid.rows.flatMap((row, at) => [
      rowName(row),
      ...grid.columns.flatMap((column, over) => {
        const cell = grid.cells[at]?.[over];
        if (cell === undefined) return ['a cell is missing'];
        const renewal = renewalWords(cell, nameOf, NOW) ?? '';
        return [cellName(column, row, cell, NOW), cellText(cell, NOW), renewal];
      }),
    ]),
  ];
}

it('no view of the window can be made to throw by what missions bring into the state', () => {
  fc.assert(
    fc.property(hostileState, fc.boolean(), (raw, isShown) => {
      const known = raw.snapshot ?? snapshot();
      const shown = isShown ? shownSnapshot(known) : known;
      const state = { ...raw, snapshot: shown };
      const notices = noticesOf(state);
      expect(notices).toHaveLength(shown.alerts.length);
      const texts = [
        summary(state).sentence,
        ...notices.flatMap(({ title, text }) => [title, text]),
        ...attentionOf(state).flatMap(({ title, body }) => [title, body]),
        trayView(state).tooltip,
        ...gridTexts(gridOf(shown, NOW)),
        ...gridTexts(onlyTrouble(gridOf(shown, NOW))),
      ];
      for (const each of shown.missions) {
        texts.push(statusOf(each, false).text, placeOf(each), nextExpiry(each.servers, NOW) ?? '');
        texts.push(...each.servers.map((one) => serverWords(one, NOW)));
        texts.push(...actionsOf(each, null).map(({ title }) => title));
      }
      const groups = missionGroups(shown.missions, '');
      expect(groups.flatMap(({ missions }) => missions)).toHaveLength(shown.missions.length);
      for (const text of texts)
        expect(text).not.toMatch(/NaN|Invalid Date|Infinity|undefined|is missing/);
    }),
    { numRuns: 300 },
  );
}, 120_000);

it('a time of any kind is said, and never thrown', () => {
  const ms = fc.oneof(fc.double(), fc.constantFrom(8.65e15, -8.65e15, 8.64e15, Number.NaN));
  fc.assert(
    fc.property(ms, hostileText, (at, text) => {
      for (const say of [
        () => ago(at, NOW),
        () => exactTime(at),
        () => expiry(at, NOW),
        () => span(at),
        () => lasting(at, NOW),
        () => clock(text),
        () => dayOf(text),
      ])
        expect(say()).not.toMatch(/NaN|Invalid|Infinity/);
      machineTime(at);
      msOf(text);
    }),
  );
  expect([clock('never'), dayOf('never')]).toEqual(['??:??:??.???', 'an unknown day']);
});

it('a text taken apart for its addresses loses none of its words', () => {
  fc.assert(
    fc.property(fc.array(hostileText, { maxLength: 6 }), (parts) => {
      const text = parts.join(' https://a.example/x ');
      const words = piecesOf(text).flatMap((one) => (one.kind === 'words' ? [one.text] : []));
      let at = 0;
      for (const word of words) {
        at = text.indexOf(word, at);
        expect(at).toBeGreaterThanOrEqual(0);
        at += word.length;
      }
    }),
  );
});

/** As one mission may name them: all alike, all rejected, all vanished. */
const TEN_THOUSAND = Array.from({ length: 10_000 }, (_, at) =>
  server('same', { key: `same|${String(at).padStart(16, '0')}`, status: 'invalidated' }),
);

it('a mission with 10,000 servers of one name leaves the others’ columns, and says what is not shown', () => {
  const held = TEN_THOUSAND.map((_, at) => `held ${at}`);
  const hostile = mission('hostile', { servers: TEN_THOUSAND, held });
  const missions = [hostile, ...Array.from({ length: 20 }, (_, at) => mission(`m${at}`))];
  const grid = gridOf(snapshot({ missions }), NOW);
  expect(grid.columns).toHaveLength(MOST_COLUMNS);
  expect(grid.hidden).toBe(10_004 - MOST_COLUMNS);
  const names = new Set(grid.columns.map(({ name }) => name));
  for (const { name } of mission('m').servers) expect(names).toContain(name);
  expect(gridTexts(grid).every((text) => text.length < 2_000)).toBe(true);
  const state = withSnapshot({ missions });
  expect(statusOf(hostile, false).detail?.length).toBeLessThan(1_000);
  expect(attentionOf(state).length).toBeLessThan(10);
});

it('a mission with 200,000 sign-ins still says which one ends first', () => {
  const servers = Array.from({ length: 200_000 }, (_, at) =>
    server('s', { key: `${at}`, expiresAt: NOW + 60_000 * (at + 5) }),
  );
  expect(nextExpiry(servers, NOW)).toBe('5 min');
});
