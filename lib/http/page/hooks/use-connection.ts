import { useEffect, useState } from 'preact/hooks';
import type { Connection } from '../api/connection';
import { connection, onConnection } from '../api/connection';

/** Whether the server can be reached. */
export function useConnection(): Connection {
  const [current, setCurrent] = useState(connection);
  useEffect(() => {
    const read = (): void => setCurrent(connection());
    const forget = onConnection(read);
    // It may have changed since this was rendered.
    read();
    return forget;
  }, []);
  return current;
}
