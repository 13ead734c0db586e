import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from './icon';

/** An id that can be copied. */
export function Identifier({ id }: { readonly id: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(id);
      setCopied(true);
      setTimeout(() => setCopied(false), 1_500);
    } catch {
      // Without the right to the clipboard the id can still be marked by hand.
    }
  };
  return (
    <span class="identifier">
      <code>{id}</code>
      {'clipboard' in navigator && (
        <button type="button" class="quiet" onClick={() => void copy()} aria-label="Copy the id">
          {copied ? <Icon name="completed" /> : <Icon name="copy" />}
        </button>
      )}
    </span>
  );
}
