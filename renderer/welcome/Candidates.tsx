import { Checkbox, CheckboxGroup, Label } from 'react-aria-components';
import type { Discovery } from '../../main/service/contract/app.ts';
import { Icon } from '../icons.tsx';
import { plural } from '../text/words.ts';
import styles from './Candidates.module.css';
import welcome from './Welcome.module.css';

/** Other config directories, to be kept in step too if the user wants. */
export function Candidates({
  candidates,
  chosen,
  onChange,
}: {
  candidates: Discovery['candidates'];
  chosen: readonly string[];
  onChange: (ids: readonly string[]) => void;
}) {
  const attached = candidates.filter((candidate) => candidate.attached).map(({ id }) => id);
  return (
    <CheckboxGroup
      value={[...chosen, ...attached]}
      onChange={(ids) => onChange(withoutAttached(ids))}
    >
      <Label className={welcome.heading ?? ''}>Keep these in step too</Label>
      <div className={welcome.box}>
        {candidates.map(({ id, folder, servers, attached: isDisabled }) => (
          <Checkbox key={id} value={id} isDisabled={isDisabled} className={styles.item ?? ''}>
            <span className={styles.box}>
              <Icon name="check" />
            </span>
            <bdi className={styles.folder} title={folder}>
              {folder}
            </bdi>
            <span className={styles.servers}>
              {isDisabled ? 'attached' : servers === 0 ? 'no servers' : plural(servers, 'server')}
            </span>
          </Checkbox>
        ))}
      </div>
    </CheckboxGroup>
  );

  function withoutAttached(ids: readonly string[]): string[] {
    return ids.filter((id) => !attached.includes(id));
  }
}
