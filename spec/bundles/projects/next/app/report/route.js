import { report } from '../../service.mjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  return new Response(await report(['memory', 'sqlite', 'postgres']));
}
