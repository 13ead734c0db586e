import type { JSX } from 'preact';
import type { ShownStatus } from '../model/records';
import { Icon } from './icon';

const WORDS: Readonly<Record<ShownStatus, string>> = {
  pending: 'Pending',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  timeout: 'Timed out',
  waiting: 'Waits for a person',
  answered: 'Answered',
  unknown: 'Left open',
};

export function statusWord(status: ShownStatus): string {
  return WORDS[status];
}

/** A status in a colour, a shape and a word. */
export function StatusBadge({ status }: { readonly status: ShownStatus }): JSX.Element {
  return (
    <span class={`status tone-${status}`}>
      <Icon name={status} />
      {WORDS[status]}
    </span>
  );
}
