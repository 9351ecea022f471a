/**
 * Brings a test's database back to the state right after its migrations, for the next test file: a start costs seconds of
 * a core, this a part of one. Rows and sequences are brought back; a database whose tables, functions, rights or roles
 * were changed meanwhile is not used again.
 */
import type { Project } from '@leadwire/supabase-local/project';

type Sql = Project['sql'];

/** What a database is, all but its rows, in one line. Statistics and the files behind a table are left out. */
const SHAPE = `
  with spaces as (
    select oid, nspname, nspacl from pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
  ), lines as (
    select concat_ws(' ', 'class', c.oid, relname, relkind, relacl, relrowsecurity, relforcerowsecurity, reloptions, relowner) as line
    from pg_class c join spaces s on s.oid = relnamespace
    union all
    select concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull, attacl, attisdropped)
    from pg_attribute a join pg_class c on c.oid = attrelid join spaces s on s.oid = relnamespace
    union all
    select concat_ws(' ', 'default', d.oid, pg_get_expr(adbin, adrelid)) from pg_attrdef d
    union all
    select concat_ws(' ', 'function', p.oid, proname, md5(prosrc), prosecdef, proacl, proconfig)
    from pg_proc p join spaces s on s.oid = pronamespace
    union all select concat_ws(' ', 'trigger', oid, tgname, tgenabled) from pg_trigger
    union all select p::text from pg_policy p
    union all select concat_ws(' ', 'constraint', oid, conname, convalidated) from pg_constraint
    union all select concat_ws(' ', 'schema', nspname, nspacl) from spaces
    union all select concat_ws(' ', 'role', rolname, rolsuper, rolbypassrls, rolconfig) from pg_roles
    union all select d::text from pg_default_acl d
  )
  select md5(string_agg(line, e'\n' order by line)) as shape from lines`;

const TABLES = `
  select quote_ident(nspname) || '.' || quote_ident(relname) as name,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema'
  order by 1`;

const SEQUENCES = `
  select quote_ident(schemaname) || '.' || quote_ident(sequencename) as name, last_value from pg_sequences order by 1`;

interface Table {
  name: string;
  columns: string;
}
interface Sequence {
  name: string;
  last_value: string | null;
}

async function shapeOf(sql: Sql): Promise<string | undefined> {
  return (await sql<{ shape: string }>(SHAPE))[0]?.shape;
}

/** Those of the tables that hold a row. */
async function filled(sql: Sql, tables: readonly Table[]): Promise<Table[]> {
  const asked = tables.map(
    ({ name }, index) => `select ${index} as index where exists (select from ${name})`,
  );
  const rows = await sql<{ index: number }>(asked.join(' union all '));
  return rows.map(({ index }) => tables[index]!);
}

/**
 * Remembers the database as it is now.
 * @returns a function that brings it back; it answers false when more than rows has changed, and touches nothing then.
 */
export async function rememberDatabase(sql: Sql): Promise<() => Promise<boolean>> {
  const shape = await shapeOf(sql);
  const tables = await sql<Table>(TABLES);
  const sequences = await sql<Sequence>(SEQUENCES);
  const kept: { table: Table; rows: string }[] = [];
  for (const table of await filled(sql, tables)) {
    const [found] = await sql<{ rows: string }>(
      `select json_agg(kept)::text as rows from (select ${table.columns} from ${table.name}) kept`,
    );
    kept.push({ table, rows: found!.rows });
  }

  return async () => {
    if ((await shapeOf(sql)) !== shape) return false;
    // Neither triggers nor foreign keys have a say while the rows are put back.
    await sql(`set session_replication_role = replica`);
    const names = (await filled(sql, tables)).map(({ name }) => name);
    if (names.length > 0) await sql(`truncate ${names.join(', ')} cascade`);
    for (const { table, rows } of kept) {
      await sql(
        `insert into ${table.name} (${table.columns}) overriding system value
         select ${table.columns} from json_populate_recordset(null::${table.name}, $1::json)`,
        [rows],
      );
    }
    for (const { name, last_value } of sequences) {
      await sql(`select setval($1::regclass, coalesce($2::bigint, 1), $2 is not null)`, [
        name,
        last_value,
      ]);
    }
    await sql(`set session_replication_role = origin`);
    return true;
  };
}
