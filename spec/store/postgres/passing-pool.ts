import type { PostgresPool } from 'agent-run/store/postgres';
import type { Pool } from 'pg';

/** A pool that passes everything on: to be spread, and changed in one place. */
export function passingPool(pool: Pool): PostgresPool {
  return {
    connect: () => pool.connect(),
    on: (event, listener) => pool.on(event, listener),
    off: (event, listener) => pool.off(event, listener),
    end: () => pool.end(),
  };
}
