import { mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '@leadwire/testing/wait-for';
import { newId } from '@leadwire/shared/contract/ids';
import { oldestAge, watchJournal } from '../src/intake/journal-watch.ts';
import { openJournal } from '../src/intake/journal.ts';
import { createFolder, readableLog, someFact, type JournalFolder } from './journal-folder.ts';

let folder: JournalFolder;
beforeEach(async () => {
  folder = await createFolder();
});
afterEach(() => folder.remove());

const idOf = (fact: ReturnType<typeof someFact>) => fact.event.data.leadId;
const mode = async (path: string) => (await stat(path)).mode & 0o777;

describe('a lead that was put', () => {
  test('is one file, named by its order and id, that only its owner can read', async () => {
    const journal = await folder.open();
    const fact = someFact();
    expect(await journal.put(fact)).toEqual({ isNew: true, contentHash: fact.contentHash });
    const [file = '', ...others] = await folder.files('new');
    expect(file).toMatch(new RegExp(`^\\d{16}-${idOf(fact)}\\.json$`));
    expect(others).toEqual([]);
    expect(await folder.files('tmp')).toEqual([]);
    expect(await mode(folder.path('new', file))).toBe(0o600);
    for (const each of ['tmp', 'new', 'refused'] as const) {
      expect(await mode(folder.path(each))).toBe(0o700);
    }
    expect(await journal.find(idOf(fact))).toEqual(fact);
  });

  test('is found by the next process', async () => {
    const fact = someFact();
    await (await folder.open()).put(fact);
    const next = await folder.open();
    expect(await next.find(idOf(fact))).toEqual(fact);
    expect(next.depth()).toBe(1);
  });

  test('again, and at the same moment, is still one file and keeps its first content', async () => {
    const journal = await folder.open();
    const first = someFact();
    const other = { ...first, contentHash: 'another' };
    const answers = await Promise.all([journal.put(first), journal.put(other), journal.put(first)]);
    answers.push(await journal.put(other));
    expect(answers.map(({ isNew }) => isNew)).toEqual([true, false, false, false]);
    expect(new Set(answers.map(({ contentHash }) => contentHash))).toEqual(
      new Set([first.contentHash]),
    );
    expect(await folder.files('new')).toHaveLength(1);
  });

  test('with 199 others at once is there with all of them, in the order of the calls', async () => {
    const journal = await folder.open();
    const facts = Array.from({ length: 200 }, () => someFact());
    await Promise.all(facts.map((fact) => journal.put(fact)));
    expect(await folder.leadIds()).toEqual(facts.map(idOf));
    expect(journal.waiting().map(({ leadId }) => leadId)).toEqual(facts.map(idOf));
  });

  test('comes back with fields that this version does not know', async () => {
    const journal = await folder.open();
    const fact = someFact();
    Object.assign(fact.event.data, { addedLater: true });
    await journal.put(fact);
    expect(await (await folder.open()).find(idOf(fact))).toEqual(fact);
  });
});

describe('what is no lead', () => {
  test.each([
    ['half of a file', JSON.stringify({ version: 1 }).slice(0, 5)],
    ['an empty file', ''],
    ['JSON of another kind', '[1, 2]'],
    ['a lead under another id', JSON.stringify({ version: 1, ...withSubject(newId()) })],
    ['an entry of a later version', JSON.stringify({ version: 2, ...someFact() })],
  ])('%s is set aside and the leads beside it are not', async (_what, text) => {
    const fact = someFact();
    await (await folder.open()).put(fact);
    await writeFile(folder.path('new', '0-by-hand.json'), text);
    const journal = await folder.open();
    expect(journal.waiting().map(({ leadId }) => leadId)).toEqual([idOf(fact)]);
    expect(await folder.files('refused')).toEqual(['0-by-hand.json']);
    expect(journal.problem()).toBeUndefined();
    await journal.check();
    expect(journal.refused()).toBe(1);
  });

  test('a folder among the entries is set aside as well', async () => {
    await folder.open();
    await mkdir(folder.path('new', 'by-hand'));
    expect((await folder.open()).waiting()).toEqual([]);
    expect(await folder.files('refused')).toEqual(['by-hand']);
  });

  test('left in tmp by a crash goes after an hour, with the contacts in it', async () => {
    await folder.open();
    const [old, young] = [folder.path('tmp', 'old'), folder.path('tmp', 'young')];
    await Promise.all([writeFile(old, 'half'), writeFile(young, 'half')]);
    const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1_000);
    await utimes(old, twoHoursAgo, twoHoursAgo);
    await folder.open();
    expect(await folder.files('tmp')).toEqual(['young']);
  });
});

function withSubject(subject: string) {
  const fact = someFact();
  return { ...fact, event: { ...fact.event, subject } };
}

describe('a journal', () => {
  test('whose folder is taken away says so, keeps nothing, and works when it is back', async () => {
    const { log, lines } = readableLog();
    const journal = await openJournal({ dir: folder.dir, log });
    await rename(folder.dir, `${folder.dir}-away`);
    const missing = 'the journal cannot take leads: the folder is missing (ENOENT)';

    await expect(journal.put(someFact())).rejects.toThrow(missing);
    await expect(journal.put(someFact())).rejects.toThrow(missing);
    expect(journal.problem()).toBe(missing);
    expect(lines.filter((line) => line.includes(missing))).toHaveLength(1);
    await journal.check();
    expect(journal.problem()).toBe(missing);

    await rename(`${folder.dir}-away`, folder.dir);
    await journal.check();
    expect(journal.problem()).toBeUndefined();
    expect(await journal.put(someFact())).toMatchObject({ isNew: true });
    expect(lines.at(-1)).toContain('the journal takes leads again');
  });

  test('makes the folders inside its own anew', async () => {
    const journal = await folder.open();
    await rm(folder.path('tmp'), { recursive: true });
    await rm(folder.path('new'), { recursive: true });
    expect(await journal.put(someFact())).toMatchObject({ isNew: true });
    await rm(folder.path('new'), { recursive: true });
    await journal.check();
    expect(journal.problem()).toBeUndefined();
    expect(journal.depth()).toBe(0);
  });

  test('with a file in its place opens, says so, and works when the place is free', async () => {
    await writeFile(folder.dir, '');
    const journal = await folder.open();
    expect(journal.problem()).toContain('there is a file in the place of a folder');
    await expect(journal.put(someFact())).rejects.toThrow(/cannot take leads/);
    await rm(folder.dir);
    await mkdir(folder.dir);
    await journal.check();
    expect(journal.problem()).toBeUndefined();
  });

  test('on a disk that takes nothing still gives what it has', async () => {
    const fact = someFact();
    await (await folder.open()).put(fact);
    await rm(folder.path('tmp'), { recursive: true });
    await writeFile(folder.path('tmp'), 'no place to write');
    const journal = await folder.open();
    expect(journal.problem()).toContain('there is a file in the place of a folder');
    expect(journal.depth()).toBe(1);
    expect(await journal.find(idOf(fact))).toEqual(fact);
  });

  test('forgets a lead whose file is gone: put again, it is written again', async () => {
    const journal = await folder.open();
    const fact = someFact();
    await journal.put(fact);
    await rm(folder.path('new', (await folder.files('new'))[0]));
    expect(await journal.find(idOf(fact))).toBeUndefined();
    expect(await journal.put(fact)).toMatchObject({ isNew: true });
  });

  test('shares its folder with another process', async () => {
    const [one, two] = [await folder.open(), await folder.open()];
    const [kept, taken] = [someFact(), someFact()];
    await one.put(kept);
    await one.put(taken);
    await two.scan();
    expect(two.waiting()).toEqual(one.waiting());
    const { file = '' } = two.waiting()[1] ?? {};
    await two.remove(file);
    await one.remove(file);
    expect(await one.read(file)).toBeUndefined();
    await two.scan();
    expect(two.waiting().map(({ leadId }) => leadId)).toEqual([idOf(kept)]);
  });
});

describe('a journal that is watched', () => {
  test('tells once when leads wait for more than five minutes, and nothing of who they are', async () => {
    const { log, lines } = readableLog();
    const journal = await openJournal({ dir: folder.dir, log });
    const receivedAt = new Date(Date.now() - 6 * 60_000).toISOString();
    await journal.put(someFact({ receivedAt }));
    await journal.put(someFact());
    expect(Math.round(oldestAge(journal))).toBe(360);
    const watch = watchJournal(journal, log);
    await waitFor(() => lines.length > 0, { what: 'a line in the log' });
    await watch.stop();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      msg: 'leads are stuck in the journal',
      depth: 2,
      oldestSeconds: expect.any(Number),
    });
    expect(lines[0]).not.toMatch(/Айгерим|aigerim|7705/);
  });

  test('finds by itself that the folder is back', async () => {
    await writeFile(folder.dir, '');
    const journal = await folder.open();
    const watch = watchJournal(journal, readableLog().log);
    await rm(folder.dir);
    await mkdir(folder.dir);
    await waitFor(() => journal.problem() === undefined, { what: 'the journal to be usable' });
    await watch.stop();
  });
});
