import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRunHandler, toNodeListener } from 'agent-run/http';
import type { RunStore } from 'agent-run/store';
import type { Screen } from './screen';

/** Serves the page over a store on loopback, says where, and stops when the signal aborts. */
export async function showPage(store: RunStore, { line }: Screen, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  // Whatever name a site of another's gives this machine: only its own address is answered.
  const authorize = (request: Request): boolean => new URL(request.url).hostname === '127.0.0.1';
  const listener = toNodeListener(createRunHandler({ store, authorize }));
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  line(`\nThe page: http://127.0.0.1:${(server.address() as AddressInfo).port}/ (Ctrl-C stops it)`);
  await once(signal, 'abort');
  server.close();
  server.closeAllConnections();
}
