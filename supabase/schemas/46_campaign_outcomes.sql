-- What providers report about campaigns' copies. Facts come repeated, late and in any order; the outcome is the same
-- whatever the order.

-- rows: [{ recipientId, outcome, at, reason }], outcome one of delivered, bounced, complained, opened, clicked. Each
-- column keeps the earliest time. byProgram: a click of a scanner that says so, which is kept apart. What a provider saw is proof that a copy went out, so an unknown one is sent, also
-- one that waits to be tried once more; nothing else changes a status. A copy that is not there (a campaign that was
-- deleted) is passed over.
create function public.leadwire_store_campaign_outcomes(rows jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_touched integer;
begin
  perform public.leadwire_check_rows(rows, '{recipientId,outcome,at}', '{recipientId}', '{at}');
  with fact as (
    select x."recipientId" as id,
      min(x.at) filter (where x.outcome = 'delivered') as delivered_at,
      min(x.at) filter (where x.outcome = 'bounced') as bounced_at,
      min(x.at) filter (where x.outcome = 'complained') as complained_at,
      min(x.at) filter (where x.outcome = 'opened') as opened_at,
      min(x.at) filter (where x.outcome = 'clicked' and x."byProgram" is not true) as first_click_at,
      max(x.at) filter (where x.outcome = 'clicked' and x."byProgram" is not true) as last_click_at,
      min(x.at) filter (where x.outcome = 'clicked' and x."byProgram") as program_clicked_at,
      min(x.reason) filter (where x.outcome = 'bounced') as bounce_reason,
      min(x.at) as first_at
    from jsonb_to_recordset(rows) as x("recipientId" uuid, outcome text, at timestamptz, reason text,
      "byProgram" boolean)
    group by 1
  ), locked as (
    -- In one order everywhere, so that two calls about the same people wait instead of blocking each other.
    select r.id, r.status = 'unknown' or (r.status = 'pending' and r.attempts > 0) as is_open, r.delivered_at,
      coalesce(r.first_click_at, r.clicked_at) as first_click_at, coalesce(r.last_click_at, r.clicked_at) as last_click_at
    from public.campaign_recipients r where r.id in (select f.id from fact f) order by r.id for update
  ), click as (
    -- A person's is later than the delivery by more than 2 s; of those only the first and the last click are known.
    select k.id, least(k.first_click_at, f.first_click_at) as first_at, greatest(k.last_click_at, f.last_click_at) as last_at,
      coalesce(least(k.delivered_at, f.delivered_at) + interval '2 seconds', '-infinity') as not_before
    from locked k join fact f on f.id = k.id
  )
  update public.campaign_recipients r
  set delivered_at = least(r.delivered_at, f.delivered_at), bounced_at = least(r.bounced_at, f.bounced_at),
    complained_at = least(r.complained_at, f.complained_at), opened_at = least(r.opened_at, f.opened_at),
    first_click_at = c.first_at, last_click_at = c.last_at,
    clicked_at = case when c.first_at > c.not_before then c.first_at when c.last_at > c.not_before then c.last_at end,
    program_clicked_at = least(r.program_clicked_at, f.program_clicked_at,
      case when c.first_at <= c.not_before then c.first_at end),
    bounce_reason = least(r.bounce_reason, f.bounce_reason),
    sent_at = case when k.is_open then f.first_at else r.sent_at end,
    settled_at = case when k.is_open then coalesce(r.settled_at, clock_timestamp()) else r.settled_at end,
    reason = case when k.is_open then null else r.reason end,
    error = case when k.is_open then null else r.error end,
    status = case when k.is_open then 'sent' else r.status end,
    ask_at = case when f.delivered_at is null and f.bounced_at is null then r.ask_at end,
    updated_at = clock_timestamp()
  from fact f join locked k on k.id = f.id join click c on c.id = f.id
  where r.id = f.id;
  get diagnostics v_touched = row_count;
  return v_touched;
end
$$;

-- Whose SMS these are, by the provider's ids: [{ messageId, recipientId, campaignId }] for campaigns' copies,
-- [{ messageId, deliveryId, leadId, template }] for leads' messages. Ids of others are not in it.
create function public.leadwire_find_sms(p_message_ids text[]) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(o.found), '[]') from (
    select jsonb_build_object('messageId', r.provider_id, 'recipientId', r.id, 'campaignId', r.campaign_id) as found
    from public.campaign_recipients r
    where r.sms_id = any (p_message_ids)
    union all
    select jsonb_build_object('messageId', n.provider_id, 'deliveryId', n.id, 'leadId', n.lead_id,
      'template', n.template)
    from public.scheduled_notifications n
    where n.provider_id = any (p_message_ids) and n.channel = 'sms' and n.lead_id is not null
      and n.template is not null
  ) o;
$$;

-- SMS whose end nobody has reported, those that have waited longest first: [{ messageId, recipientId, campaignId }].
-- Each is handed to one caller and comes again after a wait that doubles each time: p_wait_ms passes before the first
-- time (leadwire_campaign_settle), twice that before the second. After p_times it comes no more.
create function public.leadwire_campaign_sms_to_ask(p_limit integer, p_wait_ms bigint, p_times integer)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_now timestamptz := clock_timestamp();
  v_found jsonb;
begin
  with due as (
    select r.id from public.campaign_recipients r
    where r.ask_at <= v_now order by r.ask_at limit p_limit for update skip locked
  ), taken as (
    update public.campaign_recipients r
    set asked = r.asked + 1,
      ask_at = case when r.asked + 1 < p_times
        then v_now + make_interval(secs => p_wait_ms / 1000.0 * power(2, r.asked + 1)) end
    from due d where r.id = d.id
    returning r.provider_id, r.id, r.campaign_id
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'messageId', t.provider_id, 'recipientId', t.id, 'campaignId', t.campaign_id
  )), '[]') into v_found from taken t;
  return v_found;
end
$$;

select public.leadwire_service_only('{}');
