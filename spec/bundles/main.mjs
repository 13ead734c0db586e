import { report } from './service.mjs';

console.log(await report((process.env.BUNDLE_STORES ?? 'memory,sqlite,postgres').split(',')));
