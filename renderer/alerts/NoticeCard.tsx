import { useEffect, useRef, useState } from 'react';
import { Group } from 'react-aria-components';
import { invoke } from '../api.ts';
import { Icon } from '../icons.tsx';
import { addressesOf } from '../text/addresses.ts';
import { Button } from '../ui/Button.tsx';
import { Clamped } from '../ui/Clamped.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { cx } from '../ui/cx.ts';
import { AddressList, RichText } from '../ui/RichText.tsx';
import { useCommand } from '../ui/useCommand.ts';
import styles from './Alerts.module.css';
import type { Act, Choice, Question } from './choices.ts';
import type { Notice } from './notices.ts';

/** One thing that needs the user, with the answers that there are. */
export function NoticeCard({
  notice,
  focused,
  open,
}: {
  notice: Notice;
  focused: boolean;
  /** Shows a mission's page. */
  open: (missionId: string) => void;
}) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!focused) return;
    card.current?.scrollIntoView({ block: 'nearest' });
    card.current?.focus();
  }, [focused]);
  const { id, tone, title, text, choices } = notice;
  const act = (what: Act): Promise<unknown> => {
    switch (what.do) {
      case 'resolve':
        return invoke('resolve', { alertId: id, answer: what.answer });
      case 'retry':
        return invoke('retry');
      case 'stop':
        return invoke('stopMission', { missionId: what.missionId });
      case 'open':
        open(what.missionId);
        return Promise.resolve();
    }
  };
  return (
    <Group ref={card} aria-label={title} tabIndex={-1} className={cx(styles.card, styles[tone])}>
      <Icon name={tone === 'info' ? 'info' : 'warning'} className={styles.icon} />
      <div className={styles.words}>
        <h2 className={styles.title}>{title}</h2>
        <Clamped start={focused} lines={addressesOf(text).length > 0 ? 4 : 2}>
          <RichText text={text} />
        </Clamped>
        {choices.length > 0 && <Choices about={id} choices={choices} act={act} />}
      </div>
    </Group>
  );
}

function Choices({
  about,
  choices,
  act,
}: {
  /** The alert's id, which says what it asks. */
  about: string;
  choices: readonly Choice[];
  act: (what: Act) => Promise<unknown>;
}) {
  const { run, pending, failure } = useCommand();
  const [asked, setAsked] = useState<(Choice & { readonly about: string }) | null>(null);
  // A mission may write on while the user reads: nobody must agree to what is not what they read.
  const changed =
    asked !== null &&
    (asked.about !== about || !choices.some((choice) => isSame(choice.ask, asked.ask)));
  return (
    <>
      <div className={styles.actions}>
        {choices.map((choice) => (
          <Button
            key={choice.label}
            size="small"
            variant={choice.variant}
            label={choice.label}
            isPending={pending && choice.ask === null}
            onPress={() =>
              choice.ask === null ? run(() => act(choice.act)) : setAsked({ ...choice, about })
            }
          />
        ))}
      </div>
      <p className={styles.failure}>
        {changed ? 'This changed while you were asked. Read it again.' : failure}
      </p>
      {asked?.ask && !changed && (
        <Confirm
          title={asked.ask.title}
          action={asked.ask.action}
          danger
          onConfirm={() => act(asked.act)}
          onClose={() => setAsked(null)}
        >
          {asked.ask.paragraphs.map((text, at) => (
            <Paragraph key={text} text={text} list={at === 0 ? asked.ask?.addressesIn : null} />
          ))}
        </Confirm>
      )}
    </>
  );
}

function isSame(one: Question | null, other: Question | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function Paragraph({ text, list }: { text: string; list: string | null | undefined }) {
  return (
    <>
      <p>
        <RichText text={text} />
      </p>
      {list != null && <AddressList text={list} />}
    </>
  );
}
