import { Label, Radio, RadioGroup, Text } from 'react-aria-components';
import type { FirstRun } from '../../main/service/contract/missions.ts';
import fieldStyles from '../ui/Field.module.css';
import styles from './FirstRunField.module.css';

const CHOICES: Readonly<Record<FirstRun, { readonly name: string; readonly help: string }>> = {
  terminal: { name: 'Open in terminal', help: 'Claude starts in a terminal window of its own.' },
  headless: { name: 'Run headless', help: 'The prompt runs unseen; its page shows what comes.' },
  none: { name: 'Only make it', help: 'Nothing is started. You launch it when you want.' },
};
const RUNS = Object.keys(CHOICES) as FirstRun[];

/** What a new mission does once it is made. */
export function FirstRunField({
  value,
  onChange,
}: {
  value: FirstRun;
  onChange: (value: FirstRun) => void;
}) {
  return (
    <RadioGroup
      value={value}
      onChange={(run) => onChange(run as FirstRun)}
      orientation="horizontal"
      className={fieldStyles.field ?? ''}
    >
      <Label className={fieldStyles.label ?? ''}>Then</Label>
      <div className={styles.track}>
        {RUNS.map((run) => (
          <Radio key={run} value={run} className={styles.choice ?? ''}>
            {CHOICES[run].name}
          </Radio>
        ))}
      </div>
      <Text slot="description" className={fieldStyles.help ?? ''}>
        {CHOICES[value].help}
      </Text>
    </RadioGroup>
  );
}
