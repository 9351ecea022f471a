import { describe, expect, test } from 'vitest';
import {
  findDebianMirror,
  parseDeb822Sources,
  parseDependencies,
  parseOneLineSources,
} from '../machine/debian-archive.ts';

describe("the machine's apt sources", () => {
  test('the deb822 form gives the mirror of the archive, not of the security updates', () => {
    const sources = parseDeb822Sources(`Types: deb
# http://snapshot.debian.org/archive/debian/20250520T000000Z
URIs: http://security.mirror.kz/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://mirror.kz/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`);
    expect(findDebianMirror(sources)).toBe('http://mirror.kz/debian');
    expect(sources[1]?.components).toEqual(['main', 'contrib']);
  });

  test('a disabled deb822 source and one of sources only are passed over', () => {
    const off = `Enabled: no\nTypes: deb\nURIs: http://a.kz/debian\nSuites: trixie\nComponents: main`;
    const sourceOnly = `Types: deb-src\nURIs: http://b.kz/debian\nSuites: trixie\nComponents: main`;
    expect(parseDeb822Sources(`${off}\n\n${sourceOnly}\n`)).toEqual([]);
  });

  test('the one-line form is read with its options, comments left out', () => {
    const sources = parseOneLineSources(`# deb http://old.kz/debian buster main
deb-src http://mirror.kz/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://mirror.kz/debian/ bookworm main contrib # ours
`);
    expect(sources).toEqual([
      { uri: 'https://mirror.kz/debian/', suites: ['bookworm'], components: ['main', 'contrib'] },
    ]);
  });

  test("other people's sources are not taken for a mirror", () => {
    const sources = parseOneLineSources(`deb https://browser.kz/linux/deb stable main
deb https://download.docker.kz/linux/debian bookworm stable
deb cdrom:[Debian GNU/Linux 12]/ bookworm main
`);
    expect(findDebianMirror(sources)).toBeUndefined();
  });

  test('a mirror under another name and a list of mirrors are recognised by their suites', () => {
    const proxy = { uri: 'https://proxy.kz/deb-remote', suites: ['trixie'], components: ['main'] };
    const list = {
      uri: 'mirror+file:/etc/apt/mirrors/debian.list',
      suites: ['trixie', 'trixie-updates'],
      components: ['main'],
    };
    expect(findDebianMirror([proxy])).toBe('https://proxy.kz/deb-remote');
    expect(findDebianMirror([proxy, list])).toBe('mirror+file:/etc/apt/mirrors/debian.list');
  });
});

test('what a package depends on is read without versions, of alternatives the first', () => {
  const depends = 'adduser, libc6 (>= 2.34), libssl3t64 | libssl3 (>= 3.0.0), lua5.1:any\n';
  expect(parseDependencies(depends)).toEqual(['adduser', 'libc6', 'libssl3t64', 'lua5.1']);
});
