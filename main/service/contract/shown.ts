/**
 * What others wrote, made fit to be shown. Names, addresses and messages come from missions, which are not
 * trusted: they may hold characters that command a terminal, break lines, or turn the reading order of what
 * stands after them. Pure, and without zod, which the page does not need.
 */

/** Longer than any name that somebody reads. */
const MAX_NAME = 200;
/** Longer than any message of ours, with its addresses. */
const MAX_TEXT = 4_000;

// Controls (line breaks among them), and whatever turns, hides or joins text without being seen. The
// joiners of emoji and of Indic and Arabic words (U+200C, U+200D) stay.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** One line in which nothing is unseen: each such character is shown as "�", and what is too long is cut. */
export function shown(text: string, most = MAX_TEXT): string {
  return cut(text, most).toWellFormed().replaceAll(UNSEEN, '�');
}

/** The same for a name. */
export function shownName(name: string): string {
  return shown(name, MAX_NAME);
}

/** JSON that means the same and holds nothing unseen: such characters are written as escapes. */
export function shownJson(json: string): string {
  return json.replaceAll(UNSEEN, (character) =>
    // By UTF-16 units, as JSON counts; between its strings JSON.stringify writes none of them.
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
