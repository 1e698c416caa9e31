import { useOfNow } from '../state/now.ts';
import { lasting, type MissionStatus } from './words.ts';

/** "in sync", "headless, 3 min" */
export function StatusWords({ status: { text, since } }: { status: MissionStatus }) {
  return (
    <>
      {text}
      {since != null && <Lasting since={since} />}
    </>
  );
}

function Lasting({ since }: { since: number }) {
  return `, ${useOfNow(1_000, (now) => lasting(since, now))}`;
}
