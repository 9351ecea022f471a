/** The commands that people find in fenced blocks of the READMEs and of docs/, as they stand there. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** A block in one of these languages is not typed into a shell. */
const NO_SHELL = ['js', 'json', 'ts', 'text', 'mermaid', 'sql', 'html', 'ini', 'yaml'];
/** What a line of a block without a language begins with when it is a command. */
const PROGRAM =
  /^(?:[A-Z_]+=\S+ )*(?:npm|node|curl|docker|leadwire|nats|supabase|git|\S+\.sh)(?: |$)/;

export type FencedLine = {
  /** From the root of the repository. */
  file: string;
  /** Without the remark behind it; continued lines are one. */
  line: string;
};

/** Every command of every page, in the order of the page. */
export function fencedLines(): FencedLine[] {
  const pages = globSync(['*.md', '{docs,packages,services,supabase,bench,chaos,deploy}/**/*.md'], {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  });
  return pages
    .filter((file) => file !== 'CHANGELOG.md')
    .sort()
    .flatMap((file) =>
      linesOf(readFileSync(path.join(root, file), 'utf8')).map((line) => ({ file, line })),
    );
}

function linesOf(page: string): string[] {
  const blocks = [...page.matchAll(/^ *```([a-z]*)[^\n]*\n(.*?)^ *```/gms)];
  return blocks.flatMap(([, language = '', block = '']) => {
    if (NO_SHELL.includes(language)) return [];
    const lines = block
      .replaceAll(/ *\\\n */g, ' ')
      .split('\n')
      .map(withoutRemark);
    return lines.filter((line) => line !== '' && (language !== '' || PROGRAM.test(line)));
  });
}

/** A remark follows after a #, or after two spaces: never inside of quotes. */
function withoutRemark(line: string): string {
  const quoted = /'[^']*'|"[^"]*"/g;
  const masked = line.replaceAll(quoted, (text) => 'q'.repeat(text.length));
  const end = masked.search(/(?<=\S) {2}|(?:^| )# ?/);
  return (end === -1 ? line : line.slice(0, end)).trim();
}
