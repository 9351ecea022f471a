/** Keeps the days of targetologists in the traffic project as the landing project counts them. */
import { dayOf } from '@leadwire/operations/reports/report';
import { countTrafficDays, daysUpTo } from '@leadwire/operations/reports/traffic-days';
import type { StaffProject } from '@leadwire/operations/staff/projects';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';

/** A sale belongs to the day of its lead: nearly all are made in a quarter. `leadwire traffic recount` takes older days. */
const DAYS = 92;

/** One go, where both projects are configured. Never throws: what could not be counted is counted by the next. */
export async function keepTrafficDays(
  projects: ReadonlyMap<StaffProjectName, StaffProject>,
  timeZone: string,
  log: Log,
): Promise<void> {
  const [landing, traffic] = [projects.get('landing')?.database, projects.get('traffic')?.database];
  if (!landing || !traffic) return;
  try {
    const days = daysUpTo(dayOf(new Date(), timeZone), DAYS, timeZone);
    const counted = await countTrafficDays({ landing, traffic }, days);
    if (counted.changed > 0) log.info(counted, 'days of targetologists were counted');
  } catch (thrown) {
    log.warn({ err: toError(thrown) }, 'the days of targetologists could not be counted');
  }
}
