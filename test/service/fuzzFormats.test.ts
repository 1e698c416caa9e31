import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attentionOf } from '../../electron/attention.ts';
import { eventText, missionTable, serversText, span, table } from '../../main/cli/format.ts';
import { type EventMessage, eventSchema } from '../../main/service/contract/engine.ts';
import { shown, shownJson } from '../../main/service/contract/shown.ts';
import { logLine, logLineText } from '../../main/service/logLine.ts';
import { entryMessage } from '../../main/service/messages.ts';
import { isoTime, isoTimeOrNull } from '../../main/system/isoTime.ts';
import { clock, dayOf, lineText } from '../../renderer/log/format.ts';
import { cellText, cellWords, clockTime } from '../../renderer/servers/words.ts';
import * as time from '../../renderer/text/time.ts';
import { alert, mission, server, withSnapshot } from '../renderer/support/states.ts';
import { chooseSeed } from '../support/random.ts';

/*
 * Whatever an entry, a folder, a wrapper or a server says: no formatter throws, and none lets through what
 * commands a terminal or turns what stands after it. A failure names its seed; `TEST_SEED` runs it again.
 */
const options = { seed: chooseSeed(), numRuns: 300 };

const UNFIT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/u;

const tricks = fc.constantFrom(
  '\u001b]52;c;YQ==\u0007',
  '\u001b[2J',
  '\u009b31m',
  '\r',
  '\n',
  '\0',
  '\u202e',
  '\u2066',
  '\u200f',
  '\u061c',
  '\u2028',
  '\u200b',
  '\ud800',
  '\udfff',
  '__proto__',
  '😀',
  '漢',
  'x'.repeat(5_000),
);
const text = fc
  .array(fc.oneof(tricks, fc.string({ unit: 'binary' }), fc.string()), { maxLength: 5 })
  .map((parts) => parts.join(''));
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -1,
    8.64e15,
    8.64e15 + 1,
    -8.64e15,
    9.22e21,
    Number.MAX_VALUE,
    253_402_300_800_000,
    0.5,
  ),
  fc.integer(),
);
const event: fc.Arbitrary<EventMessage> = fc.oneof(
  fc.record({
    event: fc.constant('sync' as const),
    at: text,
    direction: fc.constantFrom('up' as const, 'down' as const),
    missionId: text,
    servers: fc.array(text, { maxLength: 3 }),
    hash: fc.option(text),
    durationMs: number,
  }),
  fc.record({
    event: fc.constant('alert' as const),
    at: text,
    id: text,
    kind: fc.constantFrom('wipe' as const, 'hostile' as const),
    missionId: fc.option(text),
    message: text,
    servers: fc.array(text, { maxLength: 3 }),
  }),
  fc.record({
    event: fc.constant('refresh' as const),
    at: text,
    server: text,
    key: text,
    by: fc.constantFrom('client' as const, 'engine' as const),
    missionId: fc.option(text),
    from: fc.option(text),
    to: fc.option(text),
    receivers: fc.array(fc.record({ missionId: fc.option(text), durationMs: number }), {
      maxLength: 3,
    }),
    outcome: fc.constantFrom('refreshed', 'unchanged', 'timeout', 'rejected'),
    detail: text,
  }),
  fc.record({ event: fc.constant('broadcast' as const), at: text, timestamp: number }),
  fc.record({ event: fc.constant('resolved' as const), at: text, id: text }),
  fc.record({ event: fc.constant('dropped' as const), at: text, lines: number }),
);

describe('whatever somebody wrote', () => {
  it('is harmless in a line of the terminal, and says what it says in JSON', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 4 }),
        event,
        (rows, one) => {
          for (const line of [
            ...table(rows),
            shown(eventText(one)),
            ...rows.flat().map((cell) => shown(cell)),
          ])
            expect(line).not.toMatch(UNFIT);
          const json = shownJson(JSON.stringify({ rows, one }));
          expect(json).not.toMatch(UNFIT);
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ rows, one })));
        },
      ),
      options,
    );
  });

  it('is harmless in the log of the window, in an export of it, and on the clipboard', () => {
    fc.assert(
      fc.property(event, fc.option(text), (one, name) => {
        const line = logLine(1, { ...one, at: '2026-11-23T20:42:52.123Z' }, () => name);
        for (const said of [
          line.text,
          line.missionName ?? '',
          shown(logLineText(line)),
          shown(lineText(line)),
        ])
          expect(said).not.toMatch(UNFIT);
      }),
      options,
    );
  });

  it('is harmless in a notification and in the list of missions', () => {
    fc.assert(
      fc.property(text, text, number, (name, message, expiresAt) => {
        const servers = [
          server(name, { status: 'invalidated', expiresAt }),
          server(`${name}2`, { expiresAt }),
        ];
        const missions = [mission('a', { name, id: message, servers })];
        const state = withSnapshot({
          missions,
          alerts: [alert({ id: name, kind: 'wipe', missionId: 'a', message })],
        });
        for (const { title, body } of attentionOf(state))
          expect(`${title} ${body}`).not.toMatch(UNFIT);
        for (const line of missionTable(missions, 0)) expect(line).not.toMatch(UNFIT);
        expect(serversText(servers, 0)).not.toMatch(UNFIT);
      }),
      options,
    );
  });
});

describe('whatever number somebody wrote', () => {
  it('is shown as a time, or as an unknown one, and throws nowhere', () => {
    const nothing = { refreshedAt: null, refreshedBy: null, refreshTrouble: null };
    fc.assert(
      fc.property(number, number, text, (at, now, word) => {
        const cell = { state: 'usable' as const, expiresAt: at, server: null };
        for (const said of [
          time.ago(at, now),
          time.span(at),
          time.expiry(at, now),
          time.took(at),
          time.exactTime(at),
          time.machineTime(at) ?? '',
          clockTime(at, now),
          cellWords(cell, now),
          cellText(cell, now),
          span(at),
          clock(word),
          dayOf(word),
        ])
          expect(said).toBeTypeOf('string');
        expect(Date.parse(isoTime(at))).not.toBeNaN();
        const view = {
          status: 'found' as const,
          hash: 'a'.repeat(64),
          servers: [
            { key: 'k', name: 'n', status: 'usable' as const, expiresAt: null, refreshable: true },
          ],
        };
        const said = entryMessage({ view, trouble: null, seenAt: at } as never, () => ({
          ...nothing,
          nextRefreshAt: at,
        }));
        const iso = isoTimeOrNull(at);
        expect(said.servers[0]?.nextRefreshAt).toBe(iso);
        // What is written must also be taken in again: the contract knows four digits of a year.
        const event = { event: 'stopped', at: iso ?? isoTime(at) };
        expect(eventSchema.safeParse(event).success).toBe(true);
      }),
      options,
    );
  });
});
