/**
 * What can be done with the people who work here. The row in `staff` is the right, and holds at once; the Auth user is
 * how they come in. Each step may be repeated: a command that was killed halfway is given again.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { newId } from '@leadwire/shared/contract/ids';
import { z } from 'zod';
import type { StaffAccounts } from './accounts.ts';
import type { StaffChange, StaffDirectory, StaffMember } from './directory.ts';
import { audited } from '../audit/audited.ts';
import { publishStaffChanged } from './staff-changed.ts';
import { StaffError } from './staff-error.ts';

export interface StaffParts {
  directory: StaffDirectory;
  /** Left out where there is no service key: identity-sync does its part when it hears of the change. */
  accounts?: StaffAccounts | undefined;
  bus: Pick<Bus, 'name' | 'publish'>;
  /** As the audit log shows them: an address, or `cli:<user of the machine>`. */
  actor: string;
}

export interface NewStaff {
  email: string;
  name?: string | undefined;
  role: StaffRole;
  /** A targetologist's tags, in any case. */
  utmSources?: readonly string[] | undefined;
}

/** @throws StaffError `bad_address` */
export function readAddress(text: string): string {
  const { data } = z.email().safeParse(text.trim().toLowerCase());
  if (data !== undefined) return data;
  throw new StaffError('bad_address', `"${text}" is no mail address.`);
}

function readTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))];
}

/** Without a tag a targetologist would see nothing and not know why. @throws StaffError `no_tags` */
function requireTags({ role, utmSources }: Pick<StaffMember, 'role' | 'utmSources'>): void {
  if (role !== 'targetologist' || utmSources.length > 0) return;
  throw new StaffError(
    'no_tags',
    'A targetologist sees the leads of their own UTM sources: name at least one.',
  );
}

/**
 * Adds somebody; resolves with them and, where there are accounts, the one-time link with which they come in. Given
 * again with the same role it makes a new link. @throws StaffError `bad_address`, `no_tags`, `exists`, `disabled`
 */
export async function addStaff(
  parts: StaffParts,
  wanted: NewStaff,
): Promise<{ member: StaffMember; link: string | undefined }> {
  const { directory, accounts, bus, actor } = parts;
  const email = readAddress(wanted.email);
  const { role, name = '' } = wanted;
  const utmSources = readTags(wanted.utmSources ?? []);
  requireTags({ role, utmSources });
  const known = await directory.find(email);
  const staffId = known?.staffId ?? newId();
  return audited(
    bus,
    { actor, action: 'staff.added', subject: staffId, details: { role } },
    async () => {
      requireSame(known, role);
      const fresh = { staffId, email, name, role, utmSources, active: true };
      const member = known ?? (await directory.add(fresh));
      await accounts?.ensure(member);
      // Before others hear of them: whoever has a link is not sent another one, which would void it.
      const link = await accounts?.makeLink(member);
      await publishStaffChanged(bus, member);
      return { member, link };
    },
  );
}

function requireSame(known: StaffMember | undefined, role: StaffRole): void {
  if (known === undefined) return;
  if (!known.active) throw new StaffError('disabled', `${known.email} is disabled: enable them.`);
  if (known.role !== role) {
    throw new StaffError('exists', `${known.email} is here already, as ${known.role}.`);
  }
}

async function requireKnown({ directory }: StaffParts, email: string): Promise<StaffMember> {
  const member = await directory.find(readAddress(email));
  if (member) return member;
  throw new StaffError('unknown', `${email} does not work here.`);
}

/** Another name, role or tags; holds at once. @throws StaffError `unknown`, `no_tags`, `last_owner`, `not_allowed` */
export async function changeStaff(
  parts: StaffParts,
  email: string,
  change: Omit<StaffChange, 'active'>,
): Promise<StaffMember> {
  const { directory, bus, actor } = parts;
  const before = await requireKnown(parts, email);
  const { utmSources } = change;
  const next = { ...change, ...(utmSources && { utmSources: readTags(utmSources) }) };
  const details = { ...next, roleBefore: before.role };
  return audited(
    bus,
    { actor, action: 'staff.changed', subject: before.staffId, details },
    async () => {
      requireTags({ ...before, ...next });
      const member = await directory.change(before.staffId, next);
      await publishStaffChanged(bus, member);
      return member;
    },
  );
}

/** From now on they see nothing, and their sessions are over. @throws StaffError `unknown`, `last_owner`, `not_allowed` */
export function disableStaff(parts: StaffParts, email: string): Promise<StaffMember> {
  return setActive(parts, email, false);
}

/** They may come in again, with the password they had. @throws StaffError `unknown`, `not_allowed` */
export function enableStaff(parts: StaffParts, email: string): Promise<StaffMember> {
  return setActive(parts, email, true);
}

async function setActive(parts: StaffParts, email: string, active: boolean): Promise<StaffMember> {
  const { directory, accounts, bus, actor } = parts;
  const { staffId } = await requireKnown(parts, email);
  const action = active ? 'staff.enabled' : 'staff.disabled';
  return audited(bus, { actor, action, subject: staffId }, async () => {
    const member = await directory.change(staffId, { active });
    if (active) await accounts?.ensure(member);
    await accounts?.allow(staffId, active);
    await publishStaffChanged(bus, member);
    return member;
  });
}

/** A new one-time link for somebody who is here. @throws StaffError `unknown`, `disabled` */
export async function linkForStaff(
  parts: StaffParts & { accounts: StaffAccounts },
  email: string,
): Promise<string> {
  const { accounts, bus, actor } = parts;
  const member = await requireKnown(parts, email);
  return audited(bus, { actor, action: 'staff.link_made', subject: member.staffId }, async () => {
    if (!member.active) throw new StaffError('disabled', `${email} is disabled: enable them.`);
    await accounts.ensure(member);
    return accounts.makeLink(member);
  });
}

/**
 * The link with which the first owner comes in; undefined once an active owner has. Until then each call makes a new
 * one, for the owner who is there or for a new one under `email`: a link that was lost locks nobody out.
 */
export async function firstOwnerLink(
  parts: StaffParts & { accounts: StaffAccounts },
  email: string,
): Promise<string | undefined> {
  const owners = (await parts.directory.list()).filter(
    ({ role, active }) => role === 'owner' && active,
  );
  for (const { staffId } of owners) if (await parts.accounts.hasComeIn(staffId)) return undefined;
  const [invited] = owners;
  const added = await addStaff(parts, { email: invited?.email ?? email, role: 'owner' });
  return added.link;
}
