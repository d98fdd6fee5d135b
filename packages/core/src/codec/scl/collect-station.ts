import { collectConnections, type Connection, type Connections } from "./collect-connections.ts";
import { sclLimits, type SclAccessPoint, type SclDevice, type SclFile } from "./scl-file.ts";
import { gatherNotes, type SclNotes } from "./scl-notes.ts";
import { stepInto, type SclPlace } from "./scl-place.ts";
import type { SclRefusalCode } from "./scl-refusal.ts";
import { parseSclName, printableSclText, quoteSclText } from "./scl-text.ts";

const sclNamespace = "http://www.iec.ch/61850/2003/SCL";

/** An opening tag with its namespace resolved. */
export interface SclElement {
  readonly local: string;
  readonly uri: string;
  readonly attributes: Readonly<Record<string, { readonly value: string }>>;
}

interface OpenDevice extends Omit<SclDevice, "accessPoints"> {
  readonly accessPointNames: Set<string>;
}

/** What has been read so far; the sections of the file may come in any order. */
export interface Station {
  /** Called with the first thing that is wrong; what follows has no meaning. */
  readonly refuse: (code: SclRefusalCode, what: string) => void;
  readonly notes: SclNotes;
  readonly connections: Connections;
  readonly devices: Map<string, OpenDevice>;
  readonly path: SclPlace[];
  namespace: string;
  version: string;
  accessPointCount: number;
  subnetwork: string;
  device: OpenDevice | undefined;
  connection: Connection | undefined;
  parameter: { readonly type: string; text: string };
}

export function startStation(refuse: Station["refuse"]): Station {
  const notes = gatherNotes();
  return {
    refuse,
    notes,
    connections: collectConnections(notes),
    devices: new Map(),
    path: [],
    namespace: "",
    version: "",
    accessPointCount: 0,
    subnetwork: "",
    device: undefined,
    connection: undefined,
    parameter: { type: "", text: "" },
  };
}

export function enterElement(station: Station, element: SclElement): void {
  const outside = station.path.at(-1) ?? "file";
  if (outside === "file") enterRoot(station, element);
  const isOurs = element.uri === station.namespace;
  const place = isOurs ? stepInto(outside, element.local) : "elsewhere";
  station.path.push(place);
  switch (place) {
    case "device":
      return enterDevice(station, element);
    case "access-point":
      return enterAccessPoint(station, element);
    case "subnetwork":
      station.subnetwork = readText(station, element, "name");
      break;
    case "connection":
      return enterConnection(station, element);
    case "parameter":
      station.parameter = { type: attribute(element, "type"), text: "" };
      break;
    case "file":
    case "scl":
    case "communication":
    case "address":
    case "elsewhere":
      break;
  }
}

/** True inside an address parameter, the only element whose text we read. */
export function wantsText(station: Station): boolean {
  return station.path.at(-1) === "parameter";
}

export function addText(station: Station, text: string): void {
  const known = station.parameter.text;
  // Longer text is no address; one character beyond the limit is enough to see that.
  station.parameter.text = (known + text).slice(0, sclLimits.textCharactersMax + 1);
}

export function leaveElement(station: Station): void {
  if (station.path.pop() !== "parameter") return;
  const { type, text } = station.parameter;
  const parameters = station.connection?.parameters;
  if (readParameters.has(type) && parameters?.has(type) === false) {
    parameters.set(type, text.trim());
  }
}

/** Undefined if the file holds no IED. */
export function finishStation(station: Station): SclFile | undefined {
  if (station.devices.size === 0) return undefined;
  const devices: SclDevice[] = [];
  for (const { accessPointNames, ...device } of station.devices.values()) {
    const accessPoints: SclAccessPoint[] = [];
    for (const name of accessPointNames) {
      accessPoints.push(station.connections.take(device.name, name));
    }
    devices.push({ ...device, accessPoints });
  }
  station.connections.noteRest();
  return { version: station.version, devices, notes: station.notes.all() };
}

const readParameters = new Set(["IP", "IP-SUBNET", "IP-GATEWAY", "IPv6"]);

function enterRoot(station: Station, element: SclElement): void {
  const { local, uri } = element;
  if (local !== "SCL") {
    return station.refuse("not-scl", `The root element is ${quoteSclText(local)}, not "SCL"`);
  }
  if (uri !== "" && uri !== sclNamespace) {
    const foreign = quoteSclText(uri);
    return station.refuse("not-scl", `The namespace is ${foreign}, not that of IEC 61850-6`);
  }
  station.namespace = uri;
  const written = ["version", "revision", "release"].map((key) => attribute(element, key)).join("");
  // Edition 1 writes none of the three; later schemas call it so (tIED, originalSclVersion).
  station.version = printableSclText(written || "2003A1", sclLimits.nameCharactersMax);
}

function enterDevice(station: Station, element: SclElement): void {
  const raw = attribute(element, "name");
  const name = parseSclName(raw);
  if (name === undefined) return station.refuse("bad-name", describeBadName(raw));
  if (station.devices.has(name)) {
    return station.refuse("duplicate-name", `Two IEDs have the name ${quoteSclText(name)}`);
  }
  if (station.devices.size === sclLimits.devicesMax) {
    return station.refuse("too-many-devices", `More than ${sclLimits.devicesMax} IEDs`);
  }
  // IEC 61850-6: the IED of an ICD file is called TEMPLATE until a station gives it a name.
  if (name === "TEMPLATE") {
    station.notes.add('"TEMPLATE" is the placeholder name of an ICD file: rename the device.');
  }
  const read = (key: string): string => readText(station, element, key);
  const description = read("desc");
  const configVersion = read("configVersion");
  station.device = {
    name,
    manufacturer: read("manufacturer"),
    type: read("type"),
    ...(description === "" ? {} : { description }),
    ...(configVersion === "" ? {} : { configVersion }),
    accessPointNames: new Set(),
  };
  station.devices.set(name, station.device);
}

function enterAccessPoint(station: Station, element: SclElement): void {
  if (station.device === undefined) return;
  const { name: owner, accessPointNames: names } = station.device;
  const name = parseSclName(attribute(element, "name"));
  if (name === undefined || names.has(name)) {
    const device = quoteSclText(owner);
    station.notes.add(`An access point of ${device} has no name of its own and is left out.`);
    return;
  }
  names.add(name);
  countAccessPoint(station);
}

function enterConnection(station: Station, element: SclElement): void {
  station.connection = undefined;
  const device = parseSclName(attribute(element, "iedName"));
  const accessPoint = parseSclName(attribute(element, "apName"));
  if (device === undefined || accessPoint === undefined) {
    station.notes.add("A connection names no valid IED and access point and is left out.");
    return;
  }
  const { subnetwork } = station;
  station.connection = { device, accessPoint, subnetwork, parameters: new Map() };
  station.connections.add(station.connection);
  countAccessPoint(station);
}

function countAccessPoint(station: Station): void {
  station.accessPointCount += 1;
  if (station.accessPointCount > sclLimits.accessPointsMax) {
    station.refuse(
      "too-many-access-points",
      `More than ${sclLimits.accessPointsMax} access points`,
    );
  }
}

function readText(station: Station, element: SclElement, key: string): string {
  const raw = attribute(element, key);
  const text = printableSclText(raw, sclLimits.textCharactersMax);
  if (raw.trim().length > sclLimits.textCharactersMax) {
    const name = quoteSclText(attribute(element, "name"));
    station.notes.add(`The ${key} of ${name} is shortened to ${text.length} characters.`);
  }
  return text;
}

function describeBadName(raw: string): string {
  if (raw.trim() === "") return "An IED has no name";
  const rule = `1 to ${sclLimits.nameCharactersMax} printable characters`;
  return `The IED name ${quoteSclText(raw)} is not ${rule}`;
}

function attribute(element: SclElement, name: string): string {
  return element.attributes[name]?.value ?? "";
}
