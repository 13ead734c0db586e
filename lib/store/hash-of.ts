import { createHash } from 'node:crypto';

/** What stands for a long text: the same for the same text, another one for any other. */
export function hashOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
