/**
 * How a person calls the CLI where this program runs, for messages that say what to do: npm's way beside `npm start`,
 * and the image's own (LEADWIRE_COMMAND, which the Dockerfile sets) on a server.
 * @param command what follows, such as `dead list`
 */
export function ownCommand(command: string): string {
  return `${process.env['LEADWIRE_COMMAND'] ?? 'npm run leadwire --'} ${command}`;
}
