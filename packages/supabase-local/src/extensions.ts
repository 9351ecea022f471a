/** The extensions of Postgres that our migrations ask for, as PGlite takes them; a hosted project has them. */
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';

export const extensions = { pg_trgm };
