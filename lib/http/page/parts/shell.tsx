import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useConnection } from '../hooks/use-connection';
import type { Route } from '../model/route';
import { runHash, runsHash, sessionHash } from '../model/route';
import { Icon } from './icon';

interface ShellProps {
  readonly route: Route;
  readonly children: ComponentChildren;
}

/** The frame around every view. */
export function Shell({ route, children }: ShellProps): JSX.Element {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <nav aria-label="Views">
          <ViewLink href="#/" current={route.view === 'overview'}>
            Overview
          </ViewLink>
          <ViewLink href={runsHash()} current={route.view === 'runs'}>
            Runs
          </ViewLink>
        </nav>
        <Search />
      </header>
      <ConnectionNote />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

/** The address says which view is shown, so that a link within the view must not change it. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function ViewLink({
  href,
  current,
  children,
}: {
  readonly href: string;
  readonly current: boolean;
  readonly children: string;
}): JSX.Element {
  return (
    <a href={href} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}

/** Opens what an id names: a run's begin with `run_`, what does not is first taken for a session's. */
function Search(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  const open = (event: Event): void => {
    event.preventDefault();
    const id = input.current?.value.trim() ?? '';
    if (id === '') return;
    location.hash = id.startsWith('run_') ? runHash(id) : sessionHash(id);
    if (input.current) input.current.value = '';
  };
  return (
    <form class="search" role="search" onSubmit={open}>
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label="Open a run or a session by its id"
        placeholder="Run or session id"
        autocomplete="off"
        spellcheck={false}
      />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null;
}

function ConnectionNote(): JSX.Element {
  const { reachable } = useConnection();
  return (
    <div role="status" class="connection">
      {!reachable && (
        <p>
          <Icon name="stuck" /> The server cannot be reached. What you see may be old; trying again…
        </p>
      )}
    </div>
  );
}
