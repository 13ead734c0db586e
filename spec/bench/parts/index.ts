import type { Part } from '../report';
import { dispatch } from './dispatch';
import { lifecycle } from './lifecycle';
import { mutations } from './mutations';
import { payloads } from './payloads';

/** In the order in which they run. */
export const parts: readonly Part[] = [lifecycle, mutations, payloads, dispatch];
