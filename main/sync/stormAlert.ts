import type { AlertText } from './events.ts';

/** What is told of something that happens again and again, for seconds on end. @param does who does what · @param how more about it */
export function stormAlert(
  missionId: string | null,
  does: string,
  how = '',
): Omit<AlertText, 'id'> {
  const message = `${does}, for seconds on end, as no Claude does${how}. It is looked at about once a second until that ends, and all others go on as before. Look at what runs there, and stop it.`;
  return { kind: 'hostile', missionId, servers: [], message };
}
