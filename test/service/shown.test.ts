import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shown } from '../../main/service/contract/shown.ts';
import { shownSnapshot } from '../../main/service/contract/shownSnapshot.ts';
import { logLine } from '../../main/service/logLine.ts';
import { ALERTS, mission, server, snapshot } from '../renderer/support/states.ts';

/** Letters of one and two units, halves of them, and what is not seen. */
const ODD = fc.constantFrom('a', 'é', 'م', '🚀', '\ud83d', '\ude80', '\u202e', '\n', '\u{e0041}');
const TURNS = 'safe\u202egnp.exe';

it('a name that turns the reading order, or breaks the line, is shown for what it is', () => {
  expect(shown(TURNS)).toBe('safe�gnp.exe');
  expect(shown('one\ntwo\r\u2028three\u0000\u001b[2J\u200b\u{e0041}')).toBe(
    'one�two��three��[2J��',
  );
});

it('a name in any script stays as it is', () => {
  for (const name of ['إصلاح تسجيل الدخول', '修复登录问题', '🚀 ship 👩‍👩‍👧‍👦 it', 'déjà vu'])
    expect(shown(name)).toBe(name);
});

it('a name of five million characters is cut', () => {
  expect(shown('x'.repeat(5_000_000))).toHaveLength(4_000);
});

it('whatever it is, it is well formed, of bounded length, and the same when shown again', () => {
  fc.assert(
    fc.property(fc.string({ unit: ODD, maxLength: 60, size: 'max' }), (text) => {
      const once = shown(text, 30);
      expect(once.length).toBeLessThanOrEqual(30);
      expect(once.isWellFormed()).toBe(true);
      expect(shown(once, 30)).toBe(once);
    }),
  );
});

it('a hostile mission turns no text of the window, and its id still names it', () => {
  const id = `m${TURNS}`;
  const hostile = mission(id, {
    name: TURNS,
    repo: TURNS,
    trouble: TURNS,
    held: [TURNS],
    servers: [server(TURNS, { key: TURNS })],
  });
  const alert = { ...ALERTS.tampering, id, missionId: id, message: TURNS, servers: [TURNS] };
  const result = shownSnapshot(snapshot({ missions: [hostile], alerts: [alert] }));
  const [{ name, repo, trouble, held, servers } = hostile] = result.missions;
  const texts = [name, repo, trouble, ...held, ...servers.map((one) => one.name)];
  const [told = alert] = result.alerts;
  for (const text of [...texts, told.message, ...told.servers])
    expect(text).not.toContain('\u202e');
  expect([result.missions[0]?.id, told.id, told.missionId]).toEqual([id, id, id]);
  expect(servers[0]?.key).toBe(TURNS);
});

it('nor a line of the log', () => {
  const event = { ...ALERTS.tampering, event: 'alert' as const, message: `to ${TURNS}\nfake line` };
  expect(logLine(1, event, () => TURNS)).toMatchObject({
    missionName: 'safe�gnp.exe',
    text: 'to safe�gnp.exe�fake line',
  });
});
