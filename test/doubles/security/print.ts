import type { Item } from './keychain.ts';

/** How the tool prints items: attributes as `dump-keychain` shows them, values as `-w` does. */

const NULL_ATTRIBUTES_BEFORE_MDAT: readonly [name: string, type: string][] = [
  ['crtr', 'uint32'],
  ['cusi', 'sint32'],
  ['desc', 'blob'],
  ['gena', 'blob'],
  ['icmt', 'blob'],
  ['invi', 'sint32'],
];
const NULL_ATTRIBUTES_AFTER_MDAT: readonly [name: string, type: string][] = [
  ['nega', 'sint32'],
  ['prot', 'blob'],
  ['scrp', 'sint32'],
];

export function attributesOf(item: Item, keychainPath: string): string {
  return [
    `keychain: ${buffer(keychainPath)}`,
    'version: 512',
    'class: "genp"',
    'attributes:',
    `    0x00000007 <blob>=${buffer(item.service)}`,
    '    0x00000008 <blob>=<NULL>',
    `    "acct"<blob>=${buffer(item.account)}`,
    `    "cdat"<timedate>=${buffer(`${item.createdAt}\0`)}`,
    ...NULL_ATTRIBUTES_BEFORE_MDAT.map(nullAttribute),
    `    "mdat"<timedate>=${buffer(`${item.modifiedAt}\0`)}`,
    ...NULL_ATTRIBUTES_AFTER_MDAT.map(nullAttribute),
    `    "svce"<blob>=${buffer(item.service)}`,
    '    "type"<uint32>=<NULL>',
    '',
  ].join('\n');
}

/** The value as it is, or as hex if one byte of it is not printable. */
export function printedValue(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e) ? bytes.toString('latin1') : hex;
}

function nullAttribute([name, type]: readonly [name: string, type: string]): string {
  return `    "${name}"<${type}>=<NULL>`;
}

function buffer(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')];
  const isPlain = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e && byte !== 0x5c;
  const hex = bytes.every(isPlain) ? '' : `0x${Buffer.from(bytes).toString('hex').toUpperCase()} `;
  if (!bytes.some(isPlain)) return hex;
  const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
  const ascii = bytes.map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : octal(byte)));
  return `${hex && `${hex} `}"${ascii.join('')}"`;
}
