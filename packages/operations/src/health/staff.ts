/** Whether the people who work here are in every database as they are. */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { readStaffSync } from '../staff/staff-sync.ts';
import { countedRu, type HealthFinding } from './finding.ts';

const TITLES: Readonly<Record<StaffProjectName, string>> = {
  landing: 'Вход сотрудников',
  tripwire: 'Сотрудники в базе Tripwire',
  traffic: 'Сотрудники в базе трафика',
  main: 'Сотрудники в основной базе',
};

/** One finding for each project that identity-sync has looked at, and one for those left as they are. @throws TransientError */
export async function lookAtStaff(bus: Bus): Promise<HealthFinding[]> {
  const { projects, conflicts } = await readStaffSync(bus);
  const findings = [...projects].map(([name, { state, told = '', at }]): HealthFinding => {
    const about = { part: `staff:${name}`, title: TITLES[name] };
    if (state === 'off') return { ...about, state, text: 'база не подключена' };
    if (state === 'ok') return { ...about, state, text: 'те же, что здесь' };
    return {
      ...about,
      state: 'warning',
      text: `база не принимает: ${told}`,
      meaning: 'Новые сотрудники и отключения туда не доходят; остальное работает',
      remedy: 'Проверьте адрес, ключ и схему этой базы: leadwire doctor, leadwire database apply',
      since: at,
    };
  });
  if (conflicts.length === 0) return findings;
  const people = new Set(conflicts.map(({ staffId }) => staffId)).size;
  return [
    ...findings,
    {
      part: 'staff_conflicts',
      title: 'Сотрудники в других базах',
      state: 'warning',
      text: `${countedRu(people, ['человек не перенесён', 'человека не перенесены', 'человек не перенесены'])}: там уже что-то есть`,
      meaning: 'Там у них нет прав; ничего не перезаписано',
      remedy: 'Посмотрите, кто и почему: leadwire staff conflicts',
    },
  ];
}
