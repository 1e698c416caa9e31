export function readLines(bytes: Uint8Array): string[];
export function splitLine(line: string): string[];
