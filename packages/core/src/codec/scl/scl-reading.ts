import { SaxesParser } from "saxes";
import { err, ok, type Result } from "../../base/result.ts";
import {
  addText,
  enterElement,
  finishStation,
  leaveElement,
  startStation,
  wantsText,
  type Station,
} from "./collect-station.ts";
import { sclLimits, type SclFile } from "./scl-file.ts";
import { refuseScl, type SclRefusal } from "./scl-refusal.ts";
import { printableSclText, quoteSclText } from "./scl-text.ts";

type Refuse = Station["refuse"];
type Parser = SaxesParser<{ xmlns: true }>;

export interface SclReading {
  readonly parser: Parser;
  readonly station: Station;
  /** The first thing that was wrong. */
  refusal: SclRefusal | undefined;
  depth: number;
  elements: number;
  /** Characters given to the parser before the present piece. */
  given: number;
  /** Position after the last tag, or after text that the parser does not keep. */
  settled: number;
  isListening: boolean;
  isInMarkup: boolean;
  isInEntity: boolean;
}

/**
 * Measured: with more than six listeners V8 turns the parser into a dictionary and reading becomes
 * four times slower. So attributes are counted per tag, and comments are not listened to.
 */
export function startSclReading(): SclReading {
  const parser: Parser = new SaxesParser({ xmlns: true });
  const refuse: Refuse = (code, what) => {
    // The column of the parser counts the characters read, so it is the column of the last one.
    reading.refusal ??= refuseScl(code, what, { line: parser.line, column: parser.column });
  };
  const reading: SclReading = {
    parser,
    station: startStation(refuse),
    refusal: undefined,
    depth: 0,
    elements: 0,
    given: 0,
    settled: 0,
    isListening: false,
    isInMarkup: false,
    isInEntity: false,
  };
  refuseBadXml(reading, refuse);
  followElements(reading, refuse);
  return reading;
}

function refuseBadXml(reading: SclReading, refuse: Refuse): void {
  const { parser } = reading;
  parser.on("error", (error) => {
    refuse("broken-xml", `The XML is broken: ${describeFault(error.message)}`);
  });
  parser.on("doctype", (content) => {
    const isDefining = content.includes("<!ENTITY");
    refuse("doctype", `The file has a DOCTYPE${isDefining ? " that defines entities" : ""}`);
  });
}

function followElements(reading: SclReading, refuse: Refuse): void {
  const { parser, station } = reading;
  parser.on("opentag", (element) => {
    reading.settled = parser.position;
    reading.depth += 1;
    reading.elements += 1;
    if (reading.refusal) return;
    if (reading.depth > sclLimits.depthMax) {
      return refuse("too-deep", `Elements are nested more than ${sclLimits.depthMax} deep`);
    }
    if (reading.elements > sclLimits.elementsMax) {
      return refuse("too-many-elements", `More than ${sclLimits.elementsMax} elements`);
    }
    if (Object.keys(element.attributes).length > sclLimits.attributesMax) {
      return refuse("too-many-attributes", `Over ${sclLimits.attributesMax} attributes in a tag`);
    }
    enterElement(station, element);
    listen(reading);
  });
  parser.on("closetag", () => {
    reading.settled = parser.position;
    reading.depth -= 1;
    if (reading.refusal) return;
    leaveElement(station);
    listen(reading);
  });
  parser.on("cdata", (text) => {
    if (wantsText(station)) addText(station, text);
  });
}

/** The parser gathers text only for a listener: without one, long text costs no memory. */
function listen(reading: SclReading): void {
  const { parser, station } = reading;
  const isListening = wantsText(station);
  if (isListening === reading.isListening) return;
  reading.isListening = isListening;
  if (isListening) parser.on("text", (text) => addText(station, text));
  else parser.off("text");
}

export function readSclPiece(reading: SclReading, text: string): void {
  reading.parser.write(text);
  checkDeclaredEncoding(reading);
  const end = reading.given + text.length;
  const isFresh = reading.settled >= reading.given;
  const unsettled = text.slice(Math.max(0, reading.settled - reading.given));
  reading.isInMarkup = unsettled.includes("<") || (reading.isInMarkup && !isFresh);
  const isInEntity = reading.isInEntity && !isFresh && !unsettled.includes(";");
  reading.isInEntity = isInEntity || unsettled.lastIndexOf("&") > unsettled.lastIndexOf(";");
  const isKept = reading.isInMarkup || reading.isInEntity || wantsText(reading.station);
  if (!isKept) reading.settled = end;
  reading.given = end;
  if (end - reading.settled <= sclLimits.markupCharactersMax) return;
  const characters = `${sclLimits.markupCharactersMax} characters`;
  reading.refusal ??= refuseScl("too-long", `A tag, comment or address is over ${characters} long`);
}

function checkDeclaredEncoding(reading: SclReading): void {
  const { encoding = "UTF-8" } = reading.parser.xmlDecl;
  if (/^(utf-?8|us-ascii)$/i.test(encoding)) return;
  const declared = quoteSclText(encoding);
  reading.refusal ??= refuseScl(
    "encoding",
    `The file declares the encoding ${declared}, not UTF-8`,
  );
}

export function finishSclReading(reading: SclReading): Result<SclFile, SclRefusal> {
  const { parser, station } = reading;
  if (reading.depth > 0) {
    const { line, column } = parser;
    return err(refuseScl("broken-xml", "The file ends before its last element", { line, column }));
  }
  parser.close();
  if (reading.refusal) return err(reading.refusal);
  const file = finishStation(station);
  return file ? ok(file) : err(refuseScl("no-device", "The file holds no IED"));
}

/** The parser's own words without its position, which we give ourselves, and without a full stop. */
function describeFault(message: string): string {
  return printableSclText(message.replace(/^\d+:\d+: /, ""), 120).replace(/\.$/, "");
}
