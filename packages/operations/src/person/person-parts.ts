import type { AmoHttp } from '@leadwire/shared/providers/amocrm/http';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { ActingParts } from '../acting.ts';
import type { ProjectName } from './places.ts';

export type PersonDatabase = Pick<Database, 'call'>;

/** What erasing a person takes: every place where something of them may be. */
export interface PersonParts extends ActingParts {
  /** CONTACT_HASH_SECRET. */
  secret: string;
  databases: Readonly<Partial<Record<ProjectName, PersonDatabase>>>;
  /** The platform's main project, where it is configured: accounts are looked for there. */
  main?: PersonDatabase | undefined;
  /** landing-api's journal, where it is on this machine. */
  journalDir?: string | undefined;
  /** Makes a notice in a group unreadable; false when Telegram does not let it. Absent without a bot. */
  editNotice?: ((chatId: string, messageId: number, text: string) => Promise<boolean>) | undefined;
  /** The account's; absent where none is configured. */
  amocrm?: Pick<AmoHttp, 'request'> | undefined;
  /** Told before each step; what it throws ends the erasure, and the same call again goes on with it. */
  onStep?: ((step: string) => void) | undefined;
}
