/** Reports as the database sums them up for whoever looks, and spend as an owner brings it in. */
import { cohortsAsked, cohortsSchema, type Cohort } from '@leadwire/operations/reports/cohorts';
import { reportSchema, type Report, type ReportQuery } from '@leadwire/operations/reports/report';
import { importedSchema, type WriteSpend } from '@leadwire/operations/reports/spend';
import type { SupabaseClient } from '@supabase/supabase-js';
import { readAnswer } from './answers.ts';

/** @throws TransientError when the database is away; ForbiddenError for whoever has no reports */
export async function readReport(client: SupabaseClient, asked: ReportQuery): Promise<Report> {
  return readAnswer(reportSchema, await client.rpc('console_report', { asked }));
}

/** @throws as `readReport` */
export async function readCohorts(client: SupabaseClient, query: ReportQuery): Promise<Cohort[]> {
  const asked = cohortsAsked(query);
  return readAnswer(cohortsSchema, await client.rpc('console_report_cohorts', { asked }));
}

/** @throws as `readReport`; ForbiddenError for all but owners */
export const writeSpend =
  (client: SupabaseClient): WriteSpend =>
  async (rows) =>
    readAnswer(importedSchema, await client.rpc('console_import_spend', { rows }));
