/**
 * `node packages/templates/src/preview.ts <name> [html|text|sms]` writes a template with its sample data to stdout.
 */
import { campaignTemplateNames, loadCampaignTemplates } from './campaign-templates.ts';
import { thawCampaign } from './frozen-campaign.ts';
import { loadTemplates, templateNames } from './templates.ts';
import type { RenderedMail, RenderedSms } from './render.ts';

const [wanted, part = 'html'] = process.argv.slice(2);
const leadTemplate = templateNames.find((name) => name === wanted);
const campaignTemplate = campaignTemplateNames.find((name) => name === wanted);

if (leadTemplate !== undefined) {
  const templates = await loadTemplates();
  const data = templates.sample(leadTemplate);
  show(
    () => templates.renderMail(leadTemplate, data),
    () => templates.renderSms(leadTemplate, data),
  );
} else if (campaignTemplate !== undefined) {
  const templates = await loadCampaignTemplates();
  const { variables, own, recipient } = templates.sample(campaignTemplate);
  const read = templates.readVariables(campaignTemplate, variables);
  const checked = read.issues ? {} : read.variables;
  const thaw = (channel: 'email' | 'sms') =>
    thawCampaign(
      templates.freeze(campaignTemplate, channel, checked, { ...own, timeZone: 'Asia/Almaty' }),
    );
  const person = { ...recipient, variables: {}, unsubscribeUrl: 'https://leadwire.kz/u/sample' };
  // A week before, so that a preview shows the countdown.
  const deadline = templates.deadline(campaignTemplate, checked);
  const at = new Date((deadline?.getTime() ?? 0) - 7 * 24 * 60 * 60_000);
  show(
    () => thaw('email').mail(person, at),
    () => thaw('sms').sms(person, at),
  );
} else {
  const names = [...templateNames, ...campaignTemplateNames].join(' | ');
  process.stderr.write(`usage: preview.ts <${names}> [html | text | sms]\n`);
  process.exitCode = 1;
}

function show(mail: () => RenderedMail, sms: () => RenderedSms): void {
  if (part === 'sms') process.stdout.write(`${JSON.stringify(sms())}\n`);
  else if (part === 'text') process.stdout.write(`${mail().subject}\n\n${mail().text}`);
  else process.stdout.write(mail().html);
}
