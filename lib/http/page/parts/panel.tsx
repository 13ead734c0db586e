import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface PanelProps {
  readonly title: string;
  /** Beside the title: a count, a link. */
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of a view with a heading of its own. */
export function Panel({ title, aside, children, class: name = '' }: PanelProps): JSX.Element {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A part that folds; closed until somebody asks for it. */
export function FoldingPanel({
  title,
  aside,
  children,
  open = false,
}: PanelProps & { readonly open?: boolean }): JSX.Element {
  return (
    <details class="panel" open={open}>
      <summary class="panel-head">
        <h2>{title}</h2>
        {aside}
      </summary>
      {children}
    </details>
  );
}
