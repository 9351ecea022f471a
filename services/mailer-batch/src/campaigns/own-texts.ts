/** Texts that people wrote, as templates of campaigns: compiled once for each version, the same in every process. */
import type { TextStore } from '@leadwire/operations/texts/text-store';
import type { CampaignTemplate } from '@leadwire/templates/campaign-templates';
import { checkOwnText } from '@leadwire/templates/own-texts/check-text';
import { ownTextSchema } from '@leadwire/templates/own-texts/own-text';
import { compileOwnText, ownTemplate } from '@leadwire/templates/own-texts/own-template';
import { TemplateError } from '@leadwire/templates/templates';

export interface OwnTexts {
  /** By name, as they were when `refresh` last ended. */
  templates: ReadonlyMap<string, CampaignTemplate>;
  /** Reads what was saved since; a campaign's request begins with it. @throws as the store */
  refresh(): Promise<void>;
}

export function createOwnTexts(texts: Pick<TextStore, 'changed'>): OwnTexts {
  const templates = new Map<string, CampaignTemplate>();
  return {
    templates,
    async refresh() {
      const known = [...templates].map(([name, { own }]) => [name, own?.version] as const);
      const { names, changed } = await texts.changed(
        Object.fromEntries(known) as Record<string, number>,
      );
      for (const { name, title, version, content } of changed) {
        templates.set(name, await compile({ name, title, version, content }));
      }
      for (const name of templates.keys()) if (!names.includes(name)) templates.delete(name);
    },
  };
}

interface Changed {
  name: string;
  title: string;
  version: number;
  content: unknown;
}

/** One that cannot be put together has no text for any channel, and says why. */
async function compile({ name, title, version, content }: Changed): Promise<CampaignTemplate> {
  const read = ownTextSchema.safeParse(content);
  const own = { title, version };
  const nothing = { sample: { brand: '' }, mail: null, sms: null };
  if (!read.success) {
    const message = 'it was written by a newer version of this program';
    return ownTemplate(nothing, { ...own, problems: [{ path: 'template', message }] });
  }
  const findings = await checkOwnText(read.data);
  const stops = findings.filter(({ level }) => level === 'stop');
  const problems = stops.map(({ what, words }) => ({ path: `template.${what}`, message: words }));
  try {
    return ownTemplate(await compileOwnText(name, read.data), { ...own, problems });
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    return ownTemplate(nothing, { ...own, problems });
  }
}
