import { type ReactNode, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { errorText } from '../api.ts';
import { Button } from './Button.tsx';
import styles from './Confirm.module.css';

/** Asks before something that cannot be taken back easily; what fails is told in the dialog itself. */
export function Confirm({
  title,
  children,
  action,
  danger = false,
  isReady = true,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode;
  /** What the button that does it says. */
  action: string;
  danger?: boolean;
  /** Whether all is known that one has to know before. */
  isReady?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const confirm = (): void => {
    setPending(true);
    onConfirm().then(onClose, (error: unknown) => {
      setPending(false);
      setFailure(errorText(error));
    });
  };
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => !open && onClose()}
      className={styles.overlay ?? ''}
    >
      <Modal className={styles.modal ?? ''}>
        <Dialog role="alertdialog" className={styles.dialog ?? ''}>
          <Heading slot="title" level={2} className={styles.title ?? ''}>
            {title}
          </Heading>
          <div className={styles.text}>{children}</div>
          <p className={styles.failure} aria-live="polite">
            {failure}
          </p>
          <div className={styles.actions}>
            <Button label="Cancel" autoFocus onPress={onClose} />
            <Button
              variant={danger ? 'danger' : 'primary'}
              label={action}
              isDisabled={!isReady}
              isPending={pending}
              onPress={confirm}
            />
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
