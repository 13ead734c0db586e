// Without await at the top, for bundles that are CommonJS.
import { report } from './service.mjs';

void report((process.env.BUNDLE_STORES ?? 'memory,sqlite,postgres').split(',')).then(console.log);
