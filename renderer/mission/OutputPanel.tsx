import { useMemo, useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import type { RunNote } from '../../main/service/contract/missions.ts';
import { exactTime, msOf } from '../text/time.ts';
import styles from './OutputPanel.module.css';
import { Tail } from './Tail.tsx';
import { terminalText } from './terminalText.ts';
import { type OutputState, useOutput } from './useOutput.ts';

type Kind = 'output' | 'notes';

/** What Claude printed and what its wrapper noted, live; the newest at the bottom. */
export function OutputPanel({ missionId }: { missionId: string }) {
  const state = useOutput(missionId);
  const [chosen, setChosen] = useState<Kind | null>(null);
  if (state.status !== 'shown') return <Without state={state} />;
  const { output, notes } = state;
  if (output === null && notes.length === 0) return <Without state={state} />;
  // What Claude printed is what one comes for, where there is any.
  const kind = chosen ?? (output === null ? 'notes' : 'output');
  return (
    <Tabs
      className={styles.panel ?? ''}
      selectedKey={kind}
      onSelectionChange={(key) => setChosen(key as Kind)}
    >
      <TabList aria-label="What the run said" className={styles.tabs ?? ''}>
        <Tab id="output" className={styles.tab ?? ''}>
          Output
        </Tab>
        <Tab id="notes" className={styles.tab ?? ''}>
          Notes
        </Tab>
      </TabList>
      <TabPanel id="output" className={styles.content ?? ''}>
        <Printed output={output} />
      </TabPanel>
      <TabPanel id="notes" className={styles.content ?? ''}>
        <Notes notes={notes} />
      </TabPanel>
    </Tabs>
  );
}

function Printed({ output }: { output: string | null }) {
  const text = useMemo(() => terminalText(output ?? ''), [output]);
  return (
    <Tail label="What Claude printed" content={output}>
      {text === '' ? (
        <p className={styles.none}>
          {output === null
            ? 'What a headless Claude prints is shown here.'
            : 'Nothing has been printed yet.'}
        </p>
      ) : (
        <pre className={styles.printed}>{text}</pre>
      )}
    </Tail>
  );
}

function Notes({ notes }: { notes: readonly RunNote[] }) {
  return (
    <Tail label="What its wrapper noted" content={notes}>
      {notes.length === 0 ? (
        <p className={styles.none}>Nothing has been noted yet.</p>
      ) : (
        <ol className={styles.notes}>
          {notes.map(({ at, text }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else that tells them apart
            <li key={index} className={styles.note}>
              <time dateTime={at} title={exactTime(msOf(at) ?? Number.NaN)} className={styles.time}>
                {clock(at)}
              </time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
    </Tail>
  );
}

function Without({ state }: { state: OutputState }) {
  return (
    <section aria-label="What the run said" className={styles.without}>
      <h3 className={styles.heading}>Output</h3>
      <p className={styles.empty}>
        {state.status === 'failed' && state.message}
        {state.status === 'shown' &&
          'Nothing yet. What a headless Claude prints, and the course of a run, is shown here.'}
      </p>
    </section>
  );
}

const time = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

function clock(at: string): string {
  const ms = msOf(at);
  return ms === null ? '' : time.format(ms);
}
