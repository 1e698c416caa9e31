import { type Address, addressesOf, addressText, piecesOf } from '../text/addresses.ts';
import styles from './RichText.module.css';

/** A text with its addresses set apart: monospaced, read from left to right, the host standing out. */
export function RichText({ text }: { text: string }) {
  return piecesOf(text).map((piece, at) =>
    piece.kind === 'words' ? (
      piece.text
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity, and no state
      <AddressText key={at} address={piece} />
    ),
  );
}

/** The addresses that a text names, one a line; nothing where it names none. */
export function AddressList({ text }: { text: string }) {
  const addresses = addressesOf(text);
  if (addresses.length === 0) return null;
  return (
    <ul aria-label="Addresses" className={styles.list}>
      {addresses.map((address) => (
        <li key={addressText(address)} className={styles.line}>
          <AddressText address={address} />
        </li>
      ))}
    </ul>
  );
}

function AddressText({ address: { before, host, after } }: { address: Address }) {
  return (
    <bdi className={styles.address}>
      {before}
      <span className={styles.host}>{host}</span>
      {after}
    </bdi>
  );
}
