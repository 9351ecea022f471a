/** What a database consists of, for comparing two of them. */

/** Runs one query: a PGlite. */
export interface Queryable {
  query<Row>(sql: string): Promise<{ rows: Row[] }>;
}

/** What each thing is, by its name: `column landing_leads.name` -> `text`. The order of columns is not in it. */
export type Catalogue = Record<string, string>;

/** Everything of the schema public that our files can make. Functions are compared by their whole text. */
const QUERIES = [
  `select 'table ' || relname as key, concat_ws(', ', relkind::text, case when relrowsecurity then 'row level security' end,
      case when relforcerowsecurity then 'forced' end, coalesce(obj_description(oid, 'pg_class'), 'no comment')) as value
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')`,
  `select format('column %s.%s', c.relname, a.attname) as key, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid),
      'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, '')) as value
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0
      and not a.attisdropped`,
  `select format('constraint %s.%s', conrelid::regclass, conname) as key, pg_get_constraintdef(oid) as value
    from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0 and contype <> 'n'`,
  `select 'index ' || indexname as key, indexdef as value from pg_indexes where schemaname = 'public'`,
  `select format('policy %s.%s', tablename, policyname) as key,
      concat_ws(' | ', permissive, roles::text, cmd, qual, with_check) as value
    from pg_policies where schemaname = 'public'`,
  `select format('trigger %s.%s', tgrelid::regclass, tgname) as key, pg_get_triggerdef(oid) as value
    from pg_trigger where not tgisinternal`,
  `select 'function ' || oid::regprocedure as key, pg_get_functiondef(oid) as value
    from pg_proc where pronamespace = 'public'::regnamespace and prokind in ('f', 'p')`,
  `select 'type ' || typname as key,
      coalesce((select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid),
        pg_catalog.format_type(typbasetype, typtypmod)) as value
    from pg_type t where typnamespace = 'public'::regnamespace and typtype in ('e', 'd')`,
  `select format('grant %s %s to %s', o.kind, o.name, coalesce(r.rolname, 'everybody')) as key,
      string_agg(g.privilege_type, ', ' order by g.privilege_type) as value
    from (
      select 'table' as kind, relname::text as name, coalesce(relacl, acldefault('r', relowner)) as acl
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
      union all
      select 'function', oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
      from pg_proc where pronamespace = 'public'::regnamespace
    ) o cross join lateral aclexplode(o.acl) g left join pg_roles r on r.oid = g.grantee
    group by 1`,
];

/** Reads all of it. */
export async function readCatalogue(db: Queryable): Promise<Catalogue> {
  const catalogue: Catalogue = {};
  for (const query of QUERIES) {
    for (const { key, value } of (await db.query<{ key: string; value: string }>(query)).rows) {
      if (key in catalogue) throw new Error(`two things are called ${key}`);
      catalogue[key] = value;
    }
  }
  return catalogue;
}

/** What is there and not expected, is expected and not there, or is another than expected. */
export function differences(actual: Catalogue, expected: Catalogue) {
  const keys = [...new Set([...Object.keys(actual), ...Object.keys(expected)])].sort();
  const different: Catalogue = {};
  for (const key of keys) {
    if (actual[key] === expected[key]) continue;
    if (actual[key] === undefined) different[key] = `missing: ${expected[key]}`;
    else if (expected[key] === undefined) different[key] = `not in the schemas: ${actual[key]}`;
    else different[key] = `${actual[key]} (in the schemas: ${expected[key]})`;
  }
  return different;
}
