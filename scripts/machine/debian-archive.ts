/**
 * Packages of a Debian archive, for machines that reach a Debian mirror and little else. Nothing is installed and no
 * root is needed: apt works in folders of its own, and packages are only unpacked.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, tail } from './run-command.mjs';

const SOURCES_DIR = '/etc/apt/sources.list.d';
/** Newer releases name the keyring .pgp and keep .gpg as a link for a while. */
const KEYRINGS = ['gpg', 'pgp'].map((end) => `/usr/share/keyrings/debian-archive-keyring.${end}`);

/** One package source of the machine. */
export type AptSource = { uri: string; suites: string[]; components: string[] };

export type DebianArchive = {
  /** Downloads packages and unpacks them over one another into `unpacked`. @throws with the reason in one line. */
  unpack(...packages: string[]): Promise<void>;
  /** What a package that is unpacked depends on, by name; of alternatives the first. */
  dependenciesOf(name: string): Promise<string[]>;
  unpacked: string;
};

/**
 * The archive of a suite (`sid`, `bookworm`), through the machine's own mirror; `dir` is made and taken over.
 * @throws with the reason in one line, also where the machine is no Debian.
 */
export async function openDebianArchive(dir: string, suite: string): Promise<DebianArchive> {
  const keyring = KEYRINGS.find((file) => existsSync(file));
  if (!existsSync('/etc/debian_version') || !keyring) throw new Error('this is no Debian');
  const mirror = findDebianMirror(await readMachineSources());
  if (!mirror) throw new Error('no Debian mirror is among the sources in /etc/apt');
  const config = await writePrivateConfig(
    dir,
    `deb [signed-by=${keyring}] ${mirror} ${suite} main`,
  );
  const unpacked = path.join(dir, 'unpacked');
  const debs = async () => (await readdir(dir)).filter((name) => name.endsWith('.deb'));
  const dpkg = async (...args: string[]): Promise<string> => {
    const { code, output } = await run('dpkg-deb', args, { cwd: dir });
    if (code !== 0) throw new Error(tail(output, 1).trim());
    return output;
  };

  await apt(config, dir, 'update', '--error-on=any');
  return {
    unpacked,
    async unpack(...packages) {
      const before = await debs();
      await apt(config, dir, 'download', ...packages);
      const added = (await debs()).filter((deb) => !before.includes(deb));
      if (added.length === 0) throw new Error('apt-get downloaded nothing');
      for (const deb of added) await dpkg('-x', deb, unpacked);
    },
    async dependenciesOf(name) {
      const deb = (await debs()).find((each) => each.startsWith(`${name}_`)) ?? '';
      return parseDependencies(await dpkg('-f', deb, 'Depends'));
    },
  };
}

/** "libc6 (>= 2.34), debconf | debconf-2.0" -> libc6, debconf */
export function parseDependencies(depends: string): string[] {
  return depends.split(',').flatMap((each) => /^\s*([a-z0-9][a-z0-9+.-]+)/.exec(each)?.[1] ?? []);
}

/** Suites that only the Debian archive has; "stable" and the like are used by other people's sources too. */
const DEBIAN_SUITES = /^(bullseye|bookworm|trixie|forky|duke|sid|unstable)(-updates)?$/;

/**
 * The mirror that serves the Debian archive itself: not security updates, not a third party's packages.
 * A cloud image may name a file of mirrors (`mirror+file:/etc/apt/mirrors/debian.list`), which apt takes
 * as well. Returns undefined when the machine has none.
 */
export function findDebianMirror(sources: readonly AptSource[]): string | undefined {
  const archives = sources.filter(
    ({ uri, suites, components }) =>
      /^(https?|mirror\+\w+):/.test(uri) &&
      components.includes('main') &&
      suites.some((suite) => DEBIAN_SUITES.test(suite)),
  );
  const byName = archives.find(({ uri }) => /\/debian(\.list)?\/?$/.test(uri));
  return (byName ?? archives[0])?.uri;
}

/** Reads apt's sources in the one-line form: `deb [options] uri suite component…`. */
export function parseOneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) return [];
    const [, uri = '', suite = '', components = ''] = match;
    return [{ uri, suites: [suite], components: words(components) }];
  });
}

/** Reads apt's sources in the deb822 form: paragraphs of `Field: values`, long values on indented lines. */
export function parseDeb822Sources(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = readFields(paragraph);
    const isOff = ['no', 'false', 'off', '0'].includes(fields.get('enabled')?.toLowerCase() ?? '');
    if (isOff || !words(fields.get('types')).includes('deb')) return [];
    const suites = words(fields.get('suites'));
    const components = words(fields.get('components'));
    return words(fields.get('uris')).map((uri) => ({ uri, suites, components }));
  });
}

function readFields(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of paragraph.split('\n').filter((each) => !each.startsWith('#'))) {
    const match = /^([\w-]+):\s*(.*)$/.exec(line);
    if (match) {
      last = match[1]?.toLowerCase() ?? '';
      fields.set(last, match[2] ?? '');
    } else if (/^\s/.test(line)) {
      fields.set(last, `${fields.get(last) ?? ''} ${line.trim()}`);
    }
  }
  return fields;
}

function words(text = ''): string[] {
  return text.split(/\s+/).filter(Boolean);
}

async function readMachineSources(): Promise<AptSource[]> {
  const names = await readdir(SOURCES_DIR).catch(() => []);
  const files = ['/etc/apt/sources.list', ...names.map((name) => path.join(SOURCES_DIR, name))];
  const sources: AptSource[] = [];
  for (const file of files.filter((each) => /\.(list|sources)$/.test(each))) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const parse = file.endsWith('.list') ? parseOneLineSources : parseDeb822Sources;
    sources.push(...parse(text));
  }
  return sources;
}

/** Returns the config file that keeps apt inside `dir`. */
async function writePrivateConfig(dir: string, source: string): Promise<string> {
  for (const each of ['lists/partial', 'cache/archives/partial']) {
    await mkdir(path.join(dir, each), { recursive: true });
  }
  await writeFile(path.join(dir, 'sources.list'), `${source}\n`);
  const file = path.join(dir, 'apt.conf');
  await writeFile(file, privateConfig(dir));
  return file;
}

/** The machine's own settings (a proxy, say) stay in force; what writes outside `dir` is switched off. */
function privateConfig(dir: string): string {
  return [
    `Dir::Etc::sourcelist "${dir}/sources.list";`,
    'Dir::Etc::sourceparts "-";',
    `Dir::State::lists "${dir}/lists";`,
    `Dir::Cache "${dir}/cache";`,
    'APT::Sandbox::User "";',
    'Acquire::Languages "none";',
    // A dead mirror is given up in seconds.
    'Acquire::Retries "0";',
    'Acquire::http::Timeout "5";',
    'Acquire::https::Timeout "5";',
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '',
  ].join('\n');
}

async function apt(config: string, cwd: string, ...args: string[]): Promise<void> {
  const env = { ...process.env, LC_ALL: 'C' };
  // -c is read after the machine's settings, so that the private ones win.
  const done = await run('apt-get', ['-q', '-c', config, ...args], {
    cwd,
    env,
    timeoutMs: 120_000,
  });
  if (done.code !== 0) throw new Error(tail(done.output, 1).trim());
}
