import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { errorText } from '../api.ts';
import { Button } from './Button.tsx';
import styles from './Confirm.module.css';
import { cx } from './cx.ts';

/** Something to fill in. ⌘Enter or Ctrl+Enter sends it from wherever one is; what fails is told in it. */
export function FormDialog({
  title,
  children,
  action,
  wide = false,
  check,
  onSubmit,
  onDone,
  onCancel,
  onLeave,
}: {
  title: string;
  children: ReactNode;
  /** What the button that sends it says. */
  action: string;
  wide?: boolean;
  /** Whether it can be sent; if not, the fields say why from now on. */
  check: () => boolean;
  onSubmit: () => Promise<unknown>;
  /** After it was sent. */
  onDone: () => void;
  onCancel: () => void;
  /** Left with Escape. */
  onLeave: () => void;
}) {
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const submit = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault();
    if (pending || !check()) return;
    setPending(true);
    setFailure(null);
    onSubmit().then(onDone, (error: unknown) => {
      setPending(false);
      setFailure(errorText(error));
    });
  };
  return (
    <ModalOverlay
      isOpen
      onOpenChange={(open) => !open && onLeave()}
      className={styles.overlay ?? ''}
    >
      <Modal className={cx(styles.modal, wide && styles.wide)}>
        <Dialog className={styles.dialog ?? ''}>
          <form
            noValidate
            className={styles.form}
            onSubmit={submit}
            // On its way down: fields keep what bubbles to themselves.
            onKeyDownCapture={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event);
            }}
          >
            <Heading slot="title" level={2} className={styles.title ?? ''}>
              {title}
            </Heading>
            {children}
            <p className={styles.failure} aria-live="polite">
              {failure}
            </p>
            <div className={styles.actions}>
              <Button label="Cancel" onPress={onCancel} />
              <Button variant="primary" type="submit" label={action} isPending={pending} />
            </div>
          </form>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
