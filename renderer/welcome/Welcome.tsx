import { useState } from 'react';
import type { AppState, Discovery } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { attachOnceRunning } from '../state/attachLater.ts';
import { attempt } from '../state/notice.ts';
import { Button } from '../ui/Button.tsx';
import { StateShape } from '../ui/StateShape.tsx';
import { useCommand } from '../ui/useCommand.ts';
import { Candidates } from './Candidates.tsx';
import { Mark } from './Mark.tsx';
import styles from './Welcome.module.css';
import { findingsOf, stepsOf } from './words.ts';

/** The first start: what is there, what will happen, and one button. Nothing is synced before it. */
export function Welcome({ state }: { state: AppState }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { run, pending, failure } = useCommand();
  const start = async (): Promise<void> => {
    attachOnceRunning(chosen);
    await invoke('start');
  };
  return (
    <main className={styles.view}>
      <div className={styles.scroll}>
        <header className={styles.head}>
          <Mark />
          <h1 className={styles.title}>Welcome to AgenC Bar</h1>
          <p className={styles.lead}>
            Sign in to an MCP server in one Claude Code session, and all your others have it.
          </p>
        </header>
        {state.discovery !== null && (
          <Found discovery={state.discovery} chosen={chosen} onChange={setChosen} />
        )}
      </div>
      <footer className={styles.footer}>
        <p role="status" className={styles.failure}>
          {failure}
        </p>
        <Button
          variant="primary"
          label="Start syncing"
          isPending={pending}
          onPress={() => run(start)}
          className={styles.start}
        />
        <p className={styles.links}>
          Nothing is changed before you press this.
          <Button
            size="small"
            variant="quiet"
            icon="external"
            label="MCP help"
            onPress={() => void attempt(invoke('openLink', { link: 'mcp-help' }))}
          />
        </p>
      </footer>
    </main>
  );
}

function Found({
  discovery,
  chosen,
  onChange,
}: {
  discovery: Discovery;
  chosen: readonly string[];
  onChange: (ids: readonly string[]) => void;
}) {
  return (
    <>
      <h2 className={styles.heading}>Found on this computer</h2>
      <ul className={styles.box}>
        {findingsOf(discovery).map(({ id, tone, title, text, place }) => (
          <li key={id} className={styles.finding}>
            <StateShape shape={tone} className={styles.shape} />
            <span className={styles.what}>
              <span className={styles.name}>{title}</span>
              <bdi className={styles.place} title={place}>
                {place}
              </bdi>
            </span>
            <span className={styles.text}>{text}</span>
          </li>
        ))}
      </ul>
      {discovery.candidates.length > 0 && (
        <Candidates candidates={discovery.candidates} chosen={chosen} onChange={onChange} />
      )}
      <h2 className={styles.heading}>What happens then</h2>
      <ol className={styles.steps}>
        {stepsOf(discovery).map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </>
  );
}
