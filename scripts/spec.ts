import type { Sources } from "./sources.ts";

/**
 * Promises and their tests. A promise is a line `- **J2** sentence.` in a SPEC.md, or a row of
 * docs/FEATURES.md whose last column says `this release`; a test names what it proves at the
 * start of a text: `[J2][HS8] ...`. CONTRIBUTING.md "Promises" gives the reasons.
 */
export function checkSpec(sources: Sources): readonly string[] {
  const promises = findPromises(sources);
  const planned = findPlanned(sources);
  const proofs = findProofs(sources);
  return [
    ...statedTwice(promises),
    ...[...promises]
      .filter(([id]) => !proofs.has(id))
      .map(([id, [where]]) => `${where} promises ${id}, which no test bears`),
    ...[...proofs]
      .filter(([id]) => !promises.has(id) && !planned.has(id))
      .map(([id, [where]]) => `${where} bears ${id}, which no SPEC.md or docs/FEATURES.md states`),
  ];
}

type Places = ReadonlyMap<string, readonly string[]>;

function findPromises(sources: Sources): Places {
  const specs = find(sources, /SPEC\.md$/, /^- \*\*(?<ids>[A-Z]+\d+[a-z]?)\*\* /gm);
  const features = find(
    sources,
    /FEATURES\.md$/,
    /^\| (?<ids>[A-Z]+\d+) +\|.*\| this release +\|$/gm,
  );
  return new Map([...specs, ...features]);
}

/** Features to come may be named by a test that proves a part of them. */
function findPlanned(sources: Sources): Places {
  return find(sources, /FEATURES\.md$/, /^\| (?<ids>[A-Z]+\d+) +\|.*\| (?:part|planned) +\|$/gm);
}

/** Ids at the start of any text in a test, and those of the steps of the demonstration. */
function findProofs(sources: Sources): Places {
  const tests = find(sources, /\.(?:test|contract)\.ts$/, /["'`](?<ids>(?:\[[A-Z]+\d+[a-z]?\])+)/g);
  const steps = find(sources, /\/demo\//, /\bids: (?<ids>\[[^\]]*\])/g);
  return new Map([...steps, ...tests]);
}

function statedTwice(promises: Places): readonly string[] {
  return [...promises]
    .filter(([, places]) => places.length > 1)
    .map(([id, places]) => `${id} is stated twice: ${places.join(", ")}`);
}

function find(sources: Sources, file: RegExp, pattern: RegExp): Places {
  const places = new Map<string, string[]>();
  for (const [path, text] of sources) {
    if (!file.test(path)) continue;
    for (const match of text.matchAll(pattern)) {
      const line = text.slice(0, match.index).split("\n").length;
      for (const [id] of (match.groups?.["ids"] ?? "").matchAll(/[A-Z]+\d+[a-z]?/g)) {
        places.set(id, [...(places.get(id) ?? []), `${path}:${line}`]);
      }
    }
  }
  return places;
}
