/** Where in the file the parser stands. Everything that we do not read is `elsewhere`. */
export type SclPlace =
  | "file"
  | "scl"
  | "communication"
  | "subnetwork"
  | "connection"
  | "address"
  | "parameter"
  | "device"
  | "access-point"
  | "elsewhere";

/** The elements that we read, as IEC 61850-6 nests them (clauses 9.3 and 9.4). */
const steps: ReadonlyMap<string, SclPlace> = new Map<string, SclPlace>([
  ["file>SCL", "scl"],
  ["scl>IED", "device"],
  ["device>AccessPoint", "access-point"],
  ["scl>Communication", "communication"],
  ["communication>SubNetwork", "subnetwork"],
  ["subnetwork>ConnectedAP", "connection"],
  ["connection>Address", "address"],
  ["address>P", "parameter"],
]);

export function stepInto(place: SclPlace, element: string): SclPlace {
  if (place === "elsewhere") return "elsewhere";
  return steps.get(`${place}>${element}`) ?? "elsewhere";
}
