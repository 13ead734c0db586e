import type { JSX } from 'preact';

const PATHS = {
  pending: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z',
  running: 'M8 2.5a5.5 5.5 0 1 1-5.5 5.5',
  completed: 'M3 8.5 6.5 12 13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  cancelled: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM4.2 4.2l7.6 7.6',
  timeout: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 5v3.2l2.2 1.6',
  waiting: 'M5.5 3.5v9M10.5 3.5v9',
  answered: 'M5 3.5 12 8l-7 4.5Z',
  unknown: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 9.8M8 12.4v.1',
  stuck: 'M8 2.5 14 13H2ZM8 6.5v3M8 11.2v.1',
  tool: 'M9.6 6.4a3 3 0 0 0 3.9-3.9l-1.8 1.8-1.5-1.5L12 1a3 3 0 0 0-3.9 3.9L2.5 10.5a1.4 1.4 0 0 0 2 2l5.1-6.1Z',
  model: 'M8 1.8 9.6 6.4 14.2 8 9.6 9.6 8 14.2 6.4 9.6 1.8 8 6.4 6.4Z',
  child: 'M4 2.5v5.5a2 2 0 0 0 2 2h6M9.5 7.5 12 10l-2.5 2.5',
  step: 'M5 4l4 4-4 4',
  turns: 'M3 5h8l-2-2M13 11H5l2 2',
  usage: 'M3 13V9M8 13V4M13 13V7',
  notes: 'M3.5 4h9M3.5 8h9M3.5 12h5',
  run: 'M3 5.5h7M5 8h8M4 10.5h6',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2',
  close: 'M4 4l8 8M12 4l-8 8',
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a word, hidden from screen readers, which have the word. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
