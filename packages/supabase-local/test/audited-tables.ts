/** The other three projects as an audit found them: stricter, unprotected, with rows. Everybody is invented. */

/** Two managers who let students in, in an order that the rows below repeat. */
export const MANAGERS = {
  aida: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f1001',
  bolat: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f1002',
  /** Known to the traffic database alone. */
  elsewhere: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f1003',
};

/** 92 students: 40 of aida, 30 of bolat, 20 of a manager without a login, 2 of nobody; and 173 leads. */
export const AUDITED_TRIPWIRE = `
  create table tripwire_users (
    id bigserial primary key, user_id uuid, email text not null, phone text, full_name text not null,
    granted_by uuid, manager_name varchar(80) not null, generated_password text not null,
    created_at timestamptz not null default now()
  );
  insert into tripwire_users (user_id, email, phone, full_name, granted_by, manager_name, generated_password)
  select ('6f0b8a52-6f0e-4a0e-9d51-' || lpad(n::text, 12, '0'))::uuid, 'student' || n || '@leadwire-sample.kz',
    '+7700000' || lpad(n::text, 4, '0'), 'Студент ' || n,
    case when n <= 40 then '${MANAGERS.aida}' when n <= 70 then '${MANAGERS.bolat}'
      when n <= 90 then '${MANAGERS.elsewhere}' end::uuid,
    case when n <= 40 then 'Аида' when n <= 70 then 'Болат' else 'Елена' end, 'plain' || n
  from generate_series(1, 92) n;
  create table lead_tracking (id bigserial primary key, email text not null, stage text not null);
  insert into lead_tracking (email, stage)
  select 'lead' || n || '@leadwire-sample.kz', 'new' from generate_series(1, 173) n;
`;

/** Five people of the dashboard, one of them twice; ten days of two targetologists. */
export const AUDITED_TRAFFIC = `
  create table traffic_users (
    id uuid primary key default gen_random_uuid(), email text unique, full_name text not null, team varchar(20) not null,
    role text not null check (role in ('admin', 'targetologist')), utm_source text, password_hash text not null,
    is_active boolean default true
  );
  insert into traffic_users (email, full_name, team, role, utm_source, password_hash) values
    ('kenesary@leadwire-sample.kz', 'Кенесары', 'kenesary', 'targetologist', 'kenjifb', 'synthetic'),
    ('arystan@leadwire-sample.kz', 'Арыстан', 'arystan', 'targetologist', 'arystanfb', 'synthetic'),
    ('muha@leadwire-sample.kz', 'Муха', 'muha', 'targetologist', null, 'synthetic'),
    ('MUHA@leadwire-sample.kz', 'Муха', 'muha', 'targetologist', null, 'synthetic'),
    (null, 'Без почты', 'traf4', 'admin', null, 'synthetic');
  create table traffic_daily_stats (
    id bigserial primary key, day date not null, utm_source text not null, spend_kzt numeric not null
  );
  insert into traffic_daily_stats (day, utm_source, spend_kzt)
  select date '2026-01-01' + n / 2, case n % 2 when 0 then 'kenjifb' else 'arystanfb' end, 1000 * n
  from generate_series(0, 19) n;
`;

export const AUDITED_MAIN = `
  create table users (
    id uuid primary key, email text not null unique, full_name text, role text not null default 'student',
    created_at timestamp not null default now()
  );
  insert into users (id, email) values ('6f0b8a52-6f0e-4a0e-9d51-000000000001', 'student1@leadwire-sample.kz');
`;
