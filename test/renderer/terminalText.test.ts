import { describe, expect, it } from 'vitest';
import { appended, MOST_OUTPUT, type RunOutput } from '../../renderer/mission/output.ts';
import { terminalText } from '../../renderer/mission/terminalText.ts';

describe('what was printed', () => {
  it.each([
    ['colours', '\x1b[1;32m✔\x1b[0m ok\x1b[38;5;196m!\x1b[39m', '✔ ok!'],
    ['the 8-bit forms', '\x9b31mred\x9b0m', 'red'],
    ['a window’s title', '\x1b]0;claude\x07done', 'done'],
    ['a link', '\x1b]8;;https://a.test\x1b\\here\x1b]8;;\x1b\\', 'here'],
    ['a link without an end', 'a\x1b]8;;https://a.test', 'a'],
    ['a half sequence', 'a\x1b[3', 'a'],
    ['a lone escape', 'a\x1b', 'a'],
    ['the cursor', '\x1b[2K\x1b[1G\x1b[?25l\x1b7\x1b(Bx', 'x'],
    ['a progress bar', 'first\n 10 %\r 50 %\r100 %\ndone\n', 'first\n100 %\ndone\n'],
    ['line breaks of Windows', 'a\r\nb\r\n', 'a\nb\n'],
    ['a line that goes on', 'waiting\r', 'waiting'],
    ['bells and such', 'a\x07b\x00c\x7f\td', 'abc\td'],
    ['anything else', '<b>&amp; é 👩‍👩‍👧 修复</b>', '<b>&amp; é 👩‍👩‍👧 修复</b>'],
  ])('is shown as lines without %s', (_what, printed, shown) => {
    expect(terminalText(printed)).toBe(shown);
  });

  it('may come in pieces that end within a sequence', () => {
    const known = appended({ output: '\x1b[3', notes: [] }, { output: '2mgreen', notes: [] });
    expect(terminalText(known.output ?? '')).toBe('green');
  });
});

describe('what is kept', () => {
  const NOTHING: RunOutput = { output: null, notes: [] };

  it('is what was there and what came', () => {
    const note = { at: '2026-11-24T14:01:02.000Z', text: 'Claude started.' };
    const one = appended(NOTHING, { output: null, notes: [note] });
    expect(one).toEqual({ output: null, notes: [note] });
    expect(appended(one, { output: 'a', notes: [] })).toEqual({ output: 'a', notes: [note] });
  });

  it('ends where the output ends, and begins with a line', () => {
    const line = `${'x'.repeat(99)}\n`;
    const { output } = appended(NOTHING, { output: `${line.repeat(1_000)}the end`, notes: [] });
    expect(output?.length).toBeLessThanOrEqual(MOST_OUTPUT);
    expect(output?.startsWith('xxx')).toBe(true);
    expect(((output?.length ?? 0) - 'the end'.length) % line.length).toBe(0);
    expect(output?.endsWith('the end')).toBe(true);
  });

  it('is the end of one endless line, too', () => {
    const { output } = appended(NOTHING, { output: 'y'.repeat(MOST_OUTPUT * 2), notes: [] });
    expect(output).toHaveLength(MOST_OUTPUT);
  });
});
