import type { Part } from '../report';
import { lifecycle } from './lifecycle';
import { mutations } from './mutations';

/** In the order in which they run. */
export const parts: readonly Part[] = [lifecycle, mutations];
