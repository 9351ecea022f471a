/** `leadwire texts picture`: a file becomes an address for a mail. */
import type { Command } from 'commander';
import { storePicture } from '@leadwire/operations/texts/pictures';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { readGiven } from '../given-file.ts';

/** Adds it to the commands about texts. */
export function addPictureCommand(texts: Command, readEnv: () => CliEnv): void {
  texts
    .command('picture')
    .description('keep a picture for a mail (JPEG, PNG, GIF, WebP) and print its address')
    .argument('<file>', 'the picture; it is made as small as a mail needs it')
    .action(async (file: string) => {
      const env = readEnv();
      const { PUBLIC_BASE_URL: publicUrl } = env;
      if (publicUrl === undefined) {
        throw new FailedError('Mails fetch pictures from our own address: give PUBLIC_BASE_URL.');
      }
      const bytes = await readGiven(file);
      const kept = await withBus(env, (bus) =>
        storePicture({ bus, actor: actorHere(), publicUrl }, bytes),
      );
      const { url, width, height } = kept;
      answer(
        kept,
        url,
        `${width} × ${height}, ${Math.ceil(kept.bytes / 1024)} KB. In a text: ![what is on it](${url})`,
      );
    });
}
