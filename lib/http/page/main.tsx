import type { JSX } from 'preact';
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useRoute } from './hooks/use-route';
import type { Route } from './model/route';
import { Shell } from './parts/shell';
import { Empty } from './parts/states';
import { Overview } from './views/overview';
import { RunView } from './views/run';
import { Runs } from './views/runs';
import { Session } from './views/session';

function Page(): JSX.Element {
  const route = useRoute();
  const place = placeOf(route);
  const first = useRef(true);
  useEffect(() => {
    if (route.view === 'overview' || route.view === 'runs') document.title = TITLES[route.view];
    // Moves the focus to a new view, for screen readers. The first view they read anyway.
    if (!first.current) {
      scrollTo(0, 0);
      document.getElementById('main')?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [place]);
  return (
    <Shell route={route}>
      <View key={place} route={route} />
    </Shell>
  );
}

const TITLES = { overview: 'Overview · Runs', runs: 'Runs' } as const;

/** What makes a view another one; filters do not. */
function placeOf(route: Route): string {
  return 'id' in route ? `${route.view}/${route.id}` : route.view;
}

function View({ route }: { readonly route: Route }): JSX.Element {
  switch (route.view) {
    case 'overview':
      return <Overview range={route.range} />;
    case 'runs':
      return <Runs filter={route.filter} cursor={route.cursor} />;
    case 'run':
      return <RunView id={route.id} selected={route.step} />;
    case 'session':
      return <Session id={route.id} cursor={route.cursor} />;
    case 'unknown':
      return (
        <>
          <h1>Nothing here</h1>
          <Empty>
            This address names no view. <a href="#/">To the overview</a>
          </Empty>
        </>
      );
  }
}

const place = document.getElementById('page');
if (place) render(<Page />, place);
