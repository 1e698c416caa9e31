import { useState } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import type { LogFilter } from '../../main/service/contract/log.ts';
import { EVERYTHING } from '../../main/service/contract/logFilter.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { LineDetails } from './LineDetails.tsx';
import { LogFooter } from './LogFooter.tsx';
import { LogList } from './LogList.tsx';
import { LogToolbar } from './LogToolbar.tsx';
import styles from './LogView.module.css';
import { indexOfId } from './lines.ts';
import type { LogModel } from './model.ts';
import { useExport } from './useExport.ts';
import { useLog } from './useLog.ts';

/** The sync log, live: what moved where, the newest at the bottom. */
export function LogView({
  state,
  focus,
}: {
  state: AppState;
  focus: { missionId: string | null };
}) {
  const [filter, setFilter] = useFilter(focus.missionId);
  const [selected, setSelected] = useState<number | null>(null);
  const [exported, exportLines] = useExport();
  const model = useLog(filter);
  const line = selected === null ? undefined : lineOf(model, selected);
  return (
    <section
      className={styles.view}
      aria-label="Log"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || line === undefined) return;
        // Or it would close the window.
        event.preventDefault();
        setSelected(null);
      }}
    >
      <LogToolbar
        filter={filter}
        onFilter={(change) => setFilter({ ...filter, ...change })}
        missions={state.snapshot?.missions ?? []}
        logged={model.missions}
        paused={model.paused}
        heldBack={model.heldBack}
        onPause={(paused) => model.setPaused(paused)}
        exporting={exported.status === 'busy'}
        onExport={() => exportLines(filter)}
      />
      {model.matches.length === 0 ? (
        <Nothing model={model} onClear={() => setFilter(EVERYTHING)} />
      ) : (
        <LogList
          lines={model.matches}
          epoch={model.epoch}
          arrived={model.arrived}
          paused={model.paused}
          selected={selected}
          onSelect={setSelected}
        />
      )}
      {line === undefined ? null : <LineDetails line={line} onClose={() => setSelected(null)} />}
      <LogFooter model={model} exported={exported} />
    </section>
  );
}

/** The filter; coming here for a mission sets it anew. */
function useFilter(missionId: string | null): [LogFilter, (filter: LogFilter) => void] {
  const [filter, setFilter] = useState<LogFilter>({ ...EVERYTHING, missionId });
  const [cameFor, setCameFor] = useState(missionId);
  if (cameFor !== missionId) {
    setCameFor(missionId);
    if (missionId !== null) setFilter({ ...EVERYTHING, missionId });
  }
  return [filter, setFilter];
}

function lineOf(model: LogModel, id: number) {
  const at = indexOfId(model.matches, id);
  return at < 0 ? undefined : model.matches.at(at);
}

function Nothing({ model, onClear }: { model: LogModel; onClear: () => void }) {
  // Nothing yet is not the same as nothing at all.
  const pending = model.reading || model.filtering;
  if (pending || model.failure !== null) return <div className={styles.empty} />;
  return (
    <div className={styles.empty}>
      {model.total === 0 ? (
        <EmptyState icon="list" title="Nothing has been synced yet">
          As soon as a sign-in moves between missions, it is told here.
        </EmptyState>
      ) : (
        <EmptyState
          icon="search"
          title="No line matches"
          actions={<Button label="Clear filters" onPress={onClear} />}
        />
      )}
    </div>
  );
}
