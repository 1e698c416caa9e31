import { useOfNow } from '../state/now.ts';
import { ago, exactTime, machineTime } from '../text/time.ts';

/** How long ago something was, kept up to date; the exact time in a tooltip. */
export function Ago({ at, className }: { at: number; className?: string | undefined }) {
  const text = useOfNow(1_000, (now) => ago(at, now));
  return (
    <time dateTime={machineTime(at)} title={exactTime(at)} className={className}>
      {text}
    </time>
  );
}
