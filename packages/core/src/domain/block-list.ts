/**
 * The block list of the product: what is tried first against people and against substation gear. Words are
 * compared without case, without digits and signs around them, and with the usual stand-ins undone.
 */
const words: ReadonlySet<string> = new Set(
  `abcabc abcdef abcdefg abcdefgh access admin administrator adminadmin asdfgh asdfghjkl azerty
  baseball batman changeit changeme charlie cisco computer control default dragon electric engineer
  football freedom gridward guest hello hunter iloveyou installer letmein login michael
  monkey network operator pass passwd passphrase password passwort power princess qazwsx qwerty
  qwertyuiop qwertz relay root secadm secret security service shadow siemens substation sunshine
  superman superuser supervisor support system temp test tester trustno user utility viewer
  welcome winter spring summer autumn wordpass zxcvbn zxcvbnm`.split(/\s+/),
);

const standIns: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

const distinctMin = 4;
const runs = ["01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz"];

/** With the words that a site adds to it: its own name, its company's, its stations'. */
export function isOnBlockList(prepared: string, siteWords: readonly string[] = []): boolean {
  const lower = prepared.toLowerCase();
  const bare = lower.replace(/^[^\p{L}\p{Nd}]+|[^\p{L}\p{Nd}]+$/gu, "");
  if (new Set(bare).size < distinctMin || runs.some((run) => run.includes(bare))) return true;
  const core = lower.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  const plain = core.replace(/[0-9@$!]/g, (sign) => standIns[sign] ?? "");
  const word = plain.replace(/[^\p{L}]/gu, "");
  return words.has(word) || siteWords.includes(word) || siteWords.includes(lower);
}
