/**
 * Students of the platform. A student and their lessons come as separate facts in any order, so each of
 * them leads to the same: look at all that is known of the student, and bring their deal there.
 */
import type { Student } from '@leadwire/shared/contract/student-facts';
import { derivedId } from '@leadwire/shared/contract/ids';
import { stageForLessons } from './deal-plan.ts';
import { studentDealName } from './deal-text.ts';
import { createTeller, failure, type Ports } from './handler.ts';

/** What the platform has told so far. Both throw TransientError when the broker fails. */
export interface StudentFacts {
  student(studentId: string): Promise<Student | undefined>;
  /** Numbers of the lessons that are completed. */
  completed(studentId: string): Promise<number[]>;
}

interface StudentEvent {
  data: { studentId: string };
}

export interface StudentSync {
  syncStudent: (event: StudentEvent) => Promise<void>;
  giveUp: (event: StudentEvent, error: Error) => Promise<void>;
}

/** A student's own id here, as a lead has one. */
export function studentKey(studentId: string): string {
  return derivedId('student', studentId);
}

export function createStudentSync(
  ports: Pick<Ports, 'syncDeal' | 'facts' | 'stages' | 'map' | 'plan'> & {
    students: StudentFacts;
  },
): StudentSync {
  const { students, plan } = ports;
  const tellSynced = createTeller(ports);
  return {
    async syncStudent({ data: { studentId } }) {
      const student = await students.student(studentId);
      // A lesson that came first: it is found when the student comes.
      if (!student) return;
      const reached = stageForLessons(plan, await students.completed(studentId));
      const id = studentKey(studentId);
      const { name, email, phone, course } = student;
      const synced = await ports.syncDeal({
        id,
        person: { name, email, phone },
        dealName: studentDealName(student, id),
        stage: { id: reached ?? plan.defaultStage, movesOpenDeals: reached !== undefined },
        isProven: true,
        tags: ['student', ...(course === null ? [] : [course])],
        fields: [],
        note: undefined,
      });
      await tellSynced(id, synced, studentId);
    },

    giveUp: ({ data: { studentId } }, error) =>
      ports.facts.tell(failure(studentKey(studentId), error, studentId)),
  };
}
