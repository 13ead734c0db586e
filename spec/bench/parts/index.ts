import type { Part } from '../report';
import { archives } from './archives';
import { dispatch } from './dispatch';
import { durable } from './durable';
import { eventStream } from './event-stream';
import { growth } from './growth';
import { importing } from './import';
import { lifecycle } from './lifecycle';
import { liveRuns } from './live-runs';
import { manager } from './manager';
import { memory } from './memory';
import { mutations } from './mutations';
import { page } from './page';
import { payloads } from './payloads';
import { postgres } from './postgres';
import { sqlite } from './sqlite';
import { steps } from './steps';
import { storeAtWork } from './store-at-work';

/** In the order in which they run. */
export const parts: readonly Part[] = [
  lifecycle,
  mutations,
  manager,
  steps,
  payloads,
  dispatch,
  memory,
  importing,
  liveRuns,
  sqlite,
  growth,
  archives,
  storeAtWork,
  page,
  postgres,
  durable,
  eventStream,
];
