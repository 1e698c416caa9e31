import { useCallback, useMemo, useState } from 'react';
import { ToggleButton } from 'react-aria-components';
import type { AppState } from '../../main/service/contract/app.ts';
import { useOfState } from '../state/appState.ts';
import { useNow } from '../state/now.ts';
import { plural } from '../text/words.ts';
import { type Grid, gridOf, onlyTrouble } from './grid.ts';
import { clamp, type Place } from './move.ts';
import { NoServers } from './NoServers.tsx';
import { PointedAt } from './PointedAt.tsx';
import { ServerGrid } from './ServerGrid.tsx';
import styles from './ServersView.module.css';
import { SignIn } from './SignIn.tsx';
import { columnName } from './words.ts';

/** Minutes are shown; this is how late one may be. */
const TICK_MS = 5_000;
/** From how many rows on it is worth leaving out those that are well. */
const MANY_ROWS = 8;

/** Which mission has which MCP server, and for how long: looked at rather than read. */
export function ServersView({
  state,
  focus,
}: {
  state: AppState;
  focus: { missionId: string | null };
}) {
  const { snapshot } = state;
  const now = useNow(TICK_MS);
  const [narrowed, setNarrowed] = useState(false);
  const whole = useMemo(() => (snapshot === null ? null : gridOf(snapshot, now)), [snapshot, now]);
  if (whole === null) return <p className={styles.note}>Nothing is known yet.</p>;
  if (whole.columns.length === 0) return <NoServers />;
  const canNarrow = whole.trouble && whole.rows.length > MANY_ROWS;
  const shown = canNarrow && narrowed;
  return (
    <section className={styles.view} aria-label="Servers">
      {canNarrow ? (
        <div className={styles.bar}>
          <ToggleButton
            className={styles.toggle ?? ''}
            isSelected={narrowed}
            onChange={setNarrowed}
          >
            Only trouble
          </ToggleButton>
          <span className={styles.count}>
            {whole.rows.filter((row) => row.trouble).length} of {whole.rows.length} rows
          </span>
        </div>
      ) : null}
      {whole.hidden > 0 && (
        <p className={styles.hidden}>
          {plural(whole.hidden, 'more server')} that few have cannot be shown.
        </p>
      )}
      <GridWithDetails whole={whole} narrowed={shown} now={now} soughtId={focus.missionId} />
    </section>
  );
}

interface GridProps {
  whole: Grid;
  narrowed: boolean;
  now: number;
  soughtId: string | null;
}

function GridWithDetails({ whole, narrowed, now, soughtId }: GridProps) {
  const grid = useMemo(() => (narrowed ? onlyTrouble(whole) : whole), [whole, narrowed]);
  const [pointed, setPointed] = useState<Spot | null>(null);
  const [active, setActive] = useState<Spot>({ rowId: soughtId, columnKey: null });
  // Rows and columns come, go and change places while somebody is in one of them: it is kept by what
  // it is about, not by its number.
  const spotAt = useCallback((place: Place) => spotOf(grid, place), [grid]);
  const onMove = useCallback((place: Place) => setActive(spotAt(place)), [spotAt]);
  const onPoint = useCallback(
    (place: Place | null) => setPointed(place === null ? null : spotAt(place)),
    [spotAt],
  );
  const activePlace = useStablePlace(placeIn(grid, active));
  return (
    <>
      <ServerGrid
        grid={grid}
        now={now}
        active={activePlace}
        onMove={onMove}
        onPoint={onPoint}
        soughtId={soughtId}
      />
      <div className={styles.foot}>
        <PointedAt grid={grid} place={pointed === null ? null : placeIn(grid, pointed)} now={now} />
        <SignInHere grid={grid} columnKey={active.columnKey} />
      </div>
    </>
  );
}

/** For the one that is under way, else for the server that was chosen last, else for the first that needs it. */
function SignInHere({ grid, columnKey }: { grid: Grid; columnKey: string | null }) {
  const signingIn = useOfState((state) => state?.signingIn ?? null);
  const column =
    grid.columns.find(({ name }) => name === signingIn) ??
    grid.columns.find(({ key }) => key === columnKey) ??
    grid.columns.find(({ worst }) => worst === 'invalidated');
  if (column === undefined) return null;
  const shownAt = grid.columns.indexOf(column);
  const usable = ['usable', 'soon', 'expired'];
  return (
    <div className={styles.signIn}>
      <span className={styles.signInName} aria-live="polite">
        {signingIn === column.name ? 'Waiting for the page in your browser…' : columnName(column)}
      </span>
      <SignIn
        name={column.name}
        isUsable={grid.cells.some((line) => usable.includes(line[shownAt]?.state ?? ''))}
        isUrgent={column.worst === 'invalidated'}
      />
    </div>
  );
}

/** A place by what it is about. `'header'`: the header row; a `columnKey` of `null`: the row's header. */
interface Spot {
  readonly rowId: string | null | typeof HEADER;
  readonly columnKey: string | null;
}
const HEADER = Symbol('header');

function spotOf(grid: Grid, { row, column }: Place): Spot {
  const rowId = row === 0 ? HEADER : (grid.rows[row - 1]?.id ?? null);
  return { rowId, columnKey: grid.columns[column - 1]?.key ?? null };
}

function placeIn(grid: Grid, { rowId, columnKey }: Spot): Place {
  const row =
    rowId === HEADER
      ? 0
      : Math.max(
          0,
          grid.rows.findIndex(({ id }) => id === rowId),
        ) + 1;
  const column = grid.columns.findIndex(({ key }) => key === columnKey) + 1;
  return clamp(
    { row, column },
    { rows: grid.rows.length + 1, columns: grid.columns.length + 1, page: 1 },
  );
}

function useStablePlace({ row, column }: Place): Place {
  return useMemo(() => ({ row, column }), [row, column]);
}
