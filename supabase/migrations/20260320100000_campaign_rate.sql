-- A sender waits for its turn at the campaign's rate as it was when it looked. If the rate is another by then, it
-- has to look again: so a lowered limit holds from the moment it is answered, whatever waits. p_rate: what it waited
-- at, null for none. Otherwise as leadwire_campaign_claim.
create or replace function public.leadwire_campaign_claim_at_rate(
  p_id uuid, p_n integer, p_owner text, p_lease_ms integer, p_at timestamptz, p_body_hash text, p_ids uuid[],
  p_rate numeric
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_rate numeric;
begin
  -- Held until the claim is made: a limit that is changed meanwhile waits for it.
  select c.rate_per_second into v_rate from public.campaigns c where c.id = p_id for share;
  if v_rate is distinct from p_rate then
    return jsonb_build_object('kind', 'changed');
  end if;
  perform from public.campaign_batches b where b.campaign_id = p_id and b.n = p_n for update;
  -- In the order in which everybody locks people: what providers tell about them may come at this moment.
  perform from public.campaign_recipients r where r.campaign_id = p_id and r.batch = p_n order by r.id for update;
  return public.leadwire_campaign_claim(p_id, p_n, p_owner, p_lease_ms, p_at, p_body_hash, p_ids);
end
$$;
