import type { Sources } from "./sources.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly says: string;
}

/** Leftovers, and words that we do not use unless a standard does. CONTRIBUTING.md "Words" gives the reasons. */
const bans: readonly Ban[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, says: "finish it or open an issue" },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/, says: "make the types true" },
  { pattern: /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\(/, says: "run every test" },
  { pattern: /(?:ox|es)lint-disable(?!.*-- .{20,})/, says: "add `-- ` and a reason of 20 letters" },
  { pattern: /\bdebugger\b/, says: "remove it" },
  {
    pattern: /\.valid(?:From|To)Date\b/,
    says: "use notBeforeOf and notAfterOf: this is stray memory where the date is none",
  },
  {
    // `ip link set … master hub`: iproute2 knows no other word.
    pattern: /\b(?:whitelist|blacklist|master(?! hub)|slave)\b/i,
    says: "say allow list, deny list, Main, Standby",
  },
  {
    pattern:
      /^\s*(?:export )?(?:async )?(?:function|class|interface|type|const|let) (?!commonName|signedData|certificationRequestInfo|tbsResponseData)(?:\w*(?:Manager|Helper|Utils?|Handler|Data|Info|Processor|Service|Impl|Misc)|manager|helper|utils?|handler|data|info|processor|service|impl|misc|common)(?![a-z])/,
    says: "a name says what a thing is or does: see docs/GLOSSARY.md",
  },
];

const bannedFile =
  /(?:^|[/-])(?:manager|helpers?|utils?|handlers?|data|info|processor|services?|impl|misc|common)(?:-[^/]*)?\.ts$/;

/** The check and its test must name what they ban. */
const itself = /^scripts\/words(?:\.test)?\.ts$/;

export function checkWords(sources: Sources): readonly string[] {
  const judged = [...sources].filter(([path]) => !itself.test(path));
  return judged.flatMap(([path, text]) => [
    ...(bannedFile.test(path) ? [`${path} has a name that says nothing`] : []),
    ...text.split("\n").flatMap((line, index) => judgeLine(path, line, index + 1)),
  ]);
}

function judgeLine(path: string, line: string, number: number): readonly string[] {
  return bans
    .filter(({ pattern }) => pattern.test(line))
    .map(({ pattern, says }) => `${path}:${number} "${pattern.exec(line)?.[0] ?? ""}": ${says}`);
}
