/** `leadwire sequence …`: messages so long after a fact unless another fact came. */
import { Option, type Command } from 'commander';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { stoppedIn, type SequenceView } from '@leadwire/operations/campaigns/sequence-view';
import { maskContact } from '@leadwire/operations/masking/mask';
import {
  sequenceSchema,
  sequenceTriggers,
  type SequenceStep,
} from '@leadwire/shared/contract/sequences';
import { openCampaigns } from './connect-campaigns.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { ALMATY_NOTE, clock, columns, confirm, counted, oneLine, say } from '../terminal.ts';

interface JsonFlag {
  json?: boolean;
}
interface DefinitionFlags {
  trigger: (typeof sequenceTriggers)[number];
  step: string[];
  keepOnClick?: boolean;
}

const HELP = `
Triggers: payment_form (a payment form, and no purchase after it), test_taken (a test, and no purchase at all),
student_joined (a student, and no completed lesson).
Steps: <after>:<email or sms>:<text>, such as 1h:email:pay-first 1d:sms:pay-second; the delay counts from the fact.
On: facts from then on count, each person once. Off: who waits is let go for good. To change one, switch it off.`;

export function addSequenceCommands(program: Command, readEnv: () => CliEnv): void {
  const sequence = program
    .command('sequence')
    .description('messages so long after a fact, unless another fact came')
    .addHelpText('after', HELP);

  sequence
    .command('list')
    .description('all of them, with who waits, is through and was taken out')
    .action(async ({ json }: JsonFlag) => {
      const found = await openCampaigns(readEnv()).sequences.list();
      if (json) return answer(found);
      if (found.length === 0) return say('There is no sequence yet: leadwire sequence create');
      const rows = found.map((each) => [
        oneLine(each.name),
        each.isOn ? 'on' : 'off',
        each.trigger,
        ...[each.waiting, each.done, stoppedIn(each)].map(String),
        String(each.sent.reduce((sum, { sent }) => sum + sent, 0)),
      ]);
      say(...columns(['name', 'is', 'trigger', 'waiting', 'through', 'stopped', 'sent'], rows));
    });

  sequence
    .command('show')
    .description('its steps, what became of them, and its newest people')
    .argument('<name>', 'or its id')
    .action(async (name: string, { json }: JsonFlag) => {
      const api = openCampaigns(readEnv());
      const found = await api.sequences.get((await sequenceNamed(api, name)).id);
      if (json) return answer(found);
      tellOne(found);
    });

  const withDefinition = (command: string, description: string) =>
    sequence
      .command(command)
      .description(description)
      .argument('<name>', 'such as "Не оплатили курс"')
      .addOption(
        new Option('--trigger <fact>', 'the fact that begins it')
          .choices(sequenceTriggers)
          .makeOptionMandatory(),
      )
      .requiredOption('--step <step...>', '1h:email:pay-first')
      .option('--keep-on-click', 'who has followed a link gets the rest as well');
  withDefinition('create', 'a new one, which is off').action(
    async (name: string, flags: DefinitionFlags) => {
      const saved = await openCampaigns(readEnv()).sequences.save(definitionOf(name, flags));
      tellSaved(saved);
    },
  );
  withDefinition('change', 'one that is off').action(
    async (name: string, flags: DefinitionFlags) => {
      const api = openCampaigns(readEnv());
      const known = await sequenceNamed(api, name);
      tellSaved(await api.sequences.save(definitionOf(known.name, flags), known));
    },
  );

  for (const to of ['on', 'off'] as const) {
    sequence
      .command(to)
      .description(to === 'on' ? 'facts count from now on' : 'who waits is let go for good')
      .argument('<name>', 'or its id')
      .option('-y, --yes', 'do not ask')
      .action(async (name: string, { yes = false }: { yes?: boolean }) => {
        const api = openCampaigns(readEnv());
        const found = await sequenceNamed(api, name);
        if (!(await confirm(questionFor(found, to), yes))) return;
        const turned = await api.sequences.turn(found.id, to);
        answer(turned, `"${oneLine(turned.name)}" is ${to}.`);
      });
  }

  sequence
    .command('delete')
    .description('one that is off; what it has sent stays in the reports')
    .argument('<name>', 'or its id')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, { yes = false }: { yes?: boolean }) => {
      const api = openCampaigns(readEnv());
      const { id, name: itsName } = await sequenceNamed(api, name);
      if (!(await confirm(`Delete "${oneLine(itsName)}"?`, yes))) return;
      const kept = await api.sequences.remove(id);
      const history = kept ? ' Who was in it, and what they got, stays known.' : '';
      answer({ deleted: id, kept }, `"${oneLine(itsName)}" is deleted.${history}`);
    });

  sequence
    .command('stop')
    .description('take one person out, of one sequence or of all')
    .argument('<contact>', 'a mail address or a phone')
    .option('--from <name>', 'of this one alone')
    .action(async (contact: string, { from }: { from?: string }) => {
      const api = openCampaigns(readEnv());
      const id = from === undefined ? undefined : (await sequenceNamed(api, from)).id;
      const stopped = await api.sequences.stop(contact, id);
      const none = 'They were waiting in none.';
      answer({ stopped }, stopped === 0 ? none : `Taken out of ${counted(stopped, 'sequence')}.`);
    });
}

/** @throws FailedError when there is none */
async function sequenceNamed(api: CampaignApi, name: string): Promise<SequenceView> {
  const found = await api.sequences.find(name);
  if (found) return found;
  throw new FailedError(`There is no sequence "${oneLine(name)}": leadwire sequence list`);
}

/** @throws UsageError for a step that cannot be read */
function definitionOf(name: string, { trigger, step, keepOnClick = false }: DefinitionFlags) {
  const steps = step.map((typed) => {
    const [after, channel, text] = typed.split(':');
    return { after, channel, text };
  }) as SequenceStep[];
  const read = sequenceSchema.safeParse({ name, trigger, steps, stopOnClick: !keepOnClick });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const at = issue?.path[0] === 'steps' ? `--step "${step[Number(issue.path[1])] ?? ''}": ` : '';
  throw new UsageError(`${at}${issue?.message ?? 'this is no sequence'}.`);
}

const questionFor = ({ name, waiting }: SequenceView, to: 'on' | 'off') =>
  to === 'on'
    ? `Switch "${oneLine(name)}" on? Facts from now on count; nobody of before is written to.`
    : `Switch "${oneLine(name)}" off? ${counted(waiting, 'person', 'people')} who ${waiting === 1 ? 'waits' : 'wait'} will get nothing more of it.`;

function tellSaved(saved: SequenceView): void {
  answer(
    saved,
    `Saved "${oneLine(saved.name)}". It is off: leadwire sequence on "${oneLine(saved.name)}"`,
  );
}

type Shown = Awaited<ReturnType<CampaignApi['sequences']['get']>>;

function tellOne({ sequence, people }: Shown): void {
  const { name, trigger, isOn, onSince, steps, sent, waiting, done, stopped } = sequence;
  say(`${oneLine(name)}: ${isOn ? `on since ${clock(onSince ?? '')}` : 'off'}, after ${trigger}`);
  const stepRows = steps.map(({ after, channel, text }, index) => {
    const of = sent.find(({ step }) => step === index + 1);
    const counts = [of?.sent, of?.pending, of?.failed, of?.skipped, of?.clicked];
    const note = of?.paused ? `paused: campaign ${of.campaignId}` : '';
    return [
      String(index + 1),
      after,
      channel,
      oneLine(text),
      ...counts.map((n) => String(n ?? 0)),
      note,
    ];
  });
  const head = [
    'step',
    'after',
    'by',
    'text',
    'sent',
    'pending',
    'failed',
    'skipped',
    'clicked',
    '',
  ];
  say(...columns(head, stepRows));
  const why = Object.entries(stopped).map(([reason, count]) => `${reason} ${count}`);
  say(
    `Waiting ${waiting}, through ${done}${why.length > 0 ? `, stopped: ${why.join(', ')}` : ''}.`,
  );
  if (people.length === 0) return;
  const rows = people.map((person) => {
    const next = person.messages.find(({ state }) => state === 'waiting');
    return [
      maskContact(person.email ?? person.phone ?? ''),
      clock(person.factAt),
      person.reason ?? person.state,
      next ? `${next.step} at ${clock(next.dueAt)}` : '',
    ];
  });
  say(...columns(['who', 'since', 'is', 'next'], rows), ALMATY_NOTE);
}
