/**
 * `node packages/templates/src/preview.ts <name> [html|text|sms]` writes a template with its sample data to stdout.
 */
import { loadTemplates, templateNames } from './templates.ts';

const [wanted, part = 'html'] = process.argv.slice(2);
const name = templateNames.find((candidate) => candidate === wanted);
if (name === undefined) {
  process.stderr.write(`usage: preview.ts <${templateNames.join(' | ')}> [html | text | sms]\n`);
  process.exitCode = 1;
} else {
  const templates = await loadTemplates();
  const data = templates.sample(name);
  if (part === 'sms') process.stdout.write(`${JSON.stringify(templates.renderSms(name, data))}\n`);
  else {
    const mail = templates.renderMail(name, data);
    process.stdout.write(part === 'text' ? `${mail.subject}\n\n${mail.text}` : mail.html);
  }
}
