import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import * as fc from "fast-check";
import { utf8, type Bytes } from "../base/bytes.ts";
import { decodeScl } from "./scl.ts";
import { sclLimits, type SclFile } from "./scl/scl-file.ts";
import type { SclRefusal } from "./scl/scl-refusal.ts";

const namespace = "http://www.iec.ch/61850/2003/SCL";
const station = readFileSync(join(import.meta.dirname, "../../../../examples/station.scd"));

function scl(content: string): string {
  return `<SCL xmlns="${namespace}" version="2007" revision="B" release="4">${content}</SCL>`;
}

function connected(address: string, ied = "A"): string {
  return `<ConnectedAP iedName="${ied}" apName="S1"><Address>${address}</Address></ConnectedAP>`;
}

function network(content: string): string {
  return `<Communication><SubNetwork name="N">${content}</SubNetwork></Communication>`;
}

function device(name: string): string {
  return `<IED name="${name}"><AccessPoint name="S1"/></IED>`;
}

function read(source: Iterable<Bytes> | string): SclFile {
  const outcome = decodeScl(source);
  assert.ok(outcome.ok, outcome.ok ? "" : outcome.error.detail);
  return outcome.value;
}

function refused(source: Iterable<Bytes> | string): SclRefusal {
  const outcome = decodeScl(source);
  assert.ok(!outcome.ok, "was read");
  return outcome.error;
}

function refusals(sources: readonly string[]): readonly string[] {
  return sources.map((source) => `${refused(source).code}: ${refused(source).detail}`);
}

/** The same bytes for ever; what a decoder takes of them is counted. */
function endless(head: string, unit: string) {
  const count = { bytes: 0 };
  function* flow(): Generator<Bytes> {
    yield utf8(head);
    const chunk = utf8(unit.repeat(Math.ceil(64_000 / unit.length)));
    for (;;) {
      count.bytes += chunk.length;
      yield chunk;
    }
  }
  return { flow: flow(), count };
}

test("[SCL1][AM6] the station of the examples is read whole", () => {
  const { version, devices, notes } = read([station]);
  assert.equal(version, "2007B4");
  assert.deepEqual(notes, []);
  assert.deepEqual(
    devices.map(({ name, accessPoints }) => `${name} ${accessPoints.map(({ ip }) => ip).join()}`),
    [
      "E01_BCU 10.61.4.11",
      "E01_F21 10.61.4.12",
      "E02_BCU 10.61.4.21",
      "E02_F21 10.61.4.22",
      "T1_F87 10.61.4.31",
      "T2_F87 10.61.4.32",
      "BB_F87 10.61.4.41,10.61.8.41",
      "J01_F50 10.61.4.51",
      "J02_F50 10.61.4.52",
      "GW1 10.61.4.5",
      "HMI1 10.61.4.6",
    ],
  );
  assert.deepEqual(devices[6], {
    name: "BB_F87",
    manufacturer: "Helvion Grid",
    type: "Busguard 870",
    description: "Busbar protection, 110 kV",
    configVersion: "R9",
    accessPoints: [
      {
        name: "S1",
        subnetwork: "StationBus",
        ip: "10.61.4.41",
        mask: "255.255.255.0",
        gateway: "10.61.4.1",
      },
      { name: "P1", subnetwork: "ProcessBus", ip: "10.61.8.41", mask: "255.255.255.0" },
    ],
  });
});

test("[SCL1] sections in another order, and a device of which the file says little", () => {
  const file = read(scl(device("A") + network(connected('<P type="IP">10.0.0.1</P>'))));
  const accessPoints = [{ name: "S1", subnetwork: "N", ip: "10.0.0.1" }];
  assert.deepEqual(file.devices, [{ name: "A", manufacturer: "", type: "", accessPoints }]);
  assert.equal(read(`<SCL xmlns="${namespace}"><IED name="A"/></SCL>`).version, "2003A1");
});

test("[SCL1] an address is read through CDATA and character references, IPv6 where alone", () => {
  const ipOf = (address: string) =>
    read(scl(device("A") + network(connected(address)))).devices[0]?.accessPoints[0]?.ip;
  assert.equal(ipOf('<P type="IP">\n <![CDATA[10.0]]>.0&#46;1 </P>'), "10.0.0.1");
  assert.equal(ipOf('<P type="IPv6">fd00::1</P>'), "fd00::1");
  assert.equal(ipOf('<P type="IP">10.0.0.1</P><P type="IP">10.0.0.2</P>'), "10.0.0.1");
  assert.equal(ipOf('<P type="IPv6">fd00::1</P><P type="IP">10.0.0.1</P>'), "10.0.0.1");
});

test("[SCL2] every file of GRIDWARD_SCL_DIR is read or refused for a reason of its own", (t) => {
  const folder = process.env["GRIDWARD_SCL_DIR"];
  if (folder === undefined) return t.skip("GRIDWARD_SCL_DIR is not set");
  const names = readdirSync(folder).filter((name) => /\.(scd|cid|icd|iid|ssd|sed)$/i.test(name));
  for (const name of names) {
    const outcome = decodeScl([readFileSync(join(folder, name))]);
    if (outcome.ok) t.diagnostic(`${name}: ${outcome.value.devices.length} devices`);
    else t.diagnostic(`${name}: ${outcome.error.detail}`);
    assert.ok(outcome.ok || outcome.error.code === "no-device", name);
  }
  t.diagnostic(`${names.length} files`);
});

test("[SCL3] elements count by namespace, whatever their prefix", () => {
  const prefixed = `<s:SCL xmlns:s="${namespace}" xmlns="urn:x"><IED name="B"/><s:IED name="A"/></s:SCL>`;
  const bare = `<SCL><x:IED xmlns:x="${namespace}" name="B"/><IED name="A"/></SCL>`;
  const elsewhere = scl('<Private><IED name="B"/></Private><constructor/><IED name="A"/>');
  for (const source of [prefixed, bare, elsewhere]) {
    assert.deepEqual(
      read(source).devices.map(({ name }) => name),
      ["A"],
    );
  }
});

test("[SCL4] what is no SCL file is refused as such", () => {
  assert.deepEqual(
    refusals(["", "PK\u0003\u0004", "{}", "<html></html>", '<SCL xmlns="urn:x"/>', scl("")]),
    [
      "not-xml: The file is empty.",
      'not-xml: The file is not XML: it does not begin with "<".',
      'not-xml: The file is not XML: it does not begin with "<".',
      'not-scl: The root element is "html", not "SCL" (line 1, column 6).',
      'not-scl: The namespace is "urn:x", not that of IEC 61850-6 (line 1, column 20).',
      "no-device: The file holds no IED.",
    ],
  );
});

test("[SCL5] broken XML is refused with line and column", () => {
  const broken = [
    scl("\n</IED>"),
    scl('\n<IED name="A" name="B"/>'),
    scl("\n<x:IED/>"),
    `${scl(device("A"))}\n<!--`,
    "<SCL>\n <IED",
  ];
  assert.deepEqual(refusals(broken), [
    "broken-xml: The XML is broken: unexpected close tag (line 2, column 6).",
    "broken-xml: The XML is broken: duplicate attribute: name (line 2, column 24).",
    'broken-xml: The XML is broken: unbound namespace prefix: "x" (line 2, column 8).',
    "broken-xml: The XML is broken: unexpected end (line 2, column 4).",
    "broken-xml: The file ends before its last element (line 2, column 5).",
  ]);
});

test("[SCL5][SCL11] a station cut off anywhere is refused", () => {
  const end = station.lastIndexOf(">");
  fc.assert(
    fc.property(fc.nat({ max: end }), (length) => {
      const { code, detail, remedy } = refused([station.subarray(0, length)]);
      assert.ok(code === "broken-xml" || length === 0, code);
      assert.match(detail, /^The (XML|file) [^\n]+\.$/);
      assert.match(remedy, /^[A-Z][^\n]+\.$/);
    }),
  );
});

test("[SCL6] a DOCTYPE is refused, entities are never expanded", () => {
  const bomb = '<!DOCTYPE SCL [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>';
  assert.deepEqual(refusals([bomb + scl("&b;"), `<!DOCTYPE SCL>${scl("")}`, scl("\n&b;")]), [
    "doctype: The file has a DOCTYPE that defines entities (line 1, column 55).",
    "doctype: The file has a DOCTYPE (line 1, column 14).",
    "broken-xml: The XML is broken: undefined entity (line 2, column 3).",
  ]);
  assert.equal(read(scl('<IED name="A" type="&lt;&#x41;"/>')).devices[0]?.type, "<A");
});

test("[SCL7] UTF-8 with and without mark is read, other encodings are refused by name", () => {
  const text = `<?xml version="1.0" encoding="utf-8"?>${scl(device("A"))}`;
  assert.equal(read([utf8(`\uFEFF${text}`)]).devices.length, 1);
  assert.match(refused(text.replace("utf-8", "ISO-8859-1")).detail, /encoding "ISO-8859-1"/);
  assert.match(refused([Buffer.from(`\uFEFF${text}`, "utf16le")]).detail, /UTF-16/);
  assert.match(refused([Buffer.from(text, "utf16le")]).detail, /UTF-16/);
  assert.equal(refused([utf8("<SCL"), Uint8Array.of(0xe4, 0x20)]).code, "encoding");
  assert.equal(refused([utf8(text), Uint8Array.of(0xe4)]).code, "encoding");
});

test("[SCL8] depth, attributes, IEDs and access points are bounded", () => {
  const { depthMax, attributesMax, devicesMax, accessPointsMax } = sclLimits;
  const many = (count: number, make: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => make(index)).join("");
  const deep = (levels: number) => scl(device("A") + "<a>".repeat(levels) + "</a>".repeat(levels));
  const wide = (count: number) => scl(`${device("A")}<a ${many(count, (n) => ` a${n}=""`)}/>`);
  const long = (count: number) => scl(many(count, (n) => `<IED name="D${n}"/>`));
  const ports = (count: number) =>
    scl(`<IED name="A">${many(count, (n) => `<AccessPoint name="P${n}"/>`)}</IED>`);
  for (const fits of [deep(depthMax - 1), wide(attributesMax), long(devicesMax)]) read(fits);
  assert.equal(read(ports(accessPointsMax)).devices[0]?.accessPoints.length, accessPointsMax);
  assert.equal(refused(deep(depthMax)).code, "too-deep");
  assert.equal(refused(wide(attributesMax + 1)).code, "too-many-attributes");
  assert.equal(refused(long(devicesMax + 1)).code, "too-many-devices");
  assert.equal(refused(ports(accessPointsMax + 1)).code, "too-many-access-points");
});

test("[SCL8] what never ends is refused while it is read, and early where it would be kept", () => {
  const open = `<SCL xmlns="${namespace}">`;
  const address = `${open}<Communication><SubNetwork><ConnectedAP><Address><P type="IP">`;
  const kept = 2 * sclLimits.markupCharactersMax;
  const flows: readonly (readonly [string, string, string, number])[] = [
    ["too-long", `${open}<IED name="`, "\n", kept],
    ["too-long", `${open}<IED`, " ", kept],
    ["too-long", `${open}<!--`, "- ", kept],
    ["too-long", `${open}<![CDATA[`, "] ", kept],
    ["too-long", `${open}<?x `, "? ", kept],
    ["too-long", `${open}&`, "\r", kept],
    ["too-long", address, "&lt;", kept],
    ["too-long", "<!DOCTYPE SCL [", `"'`, kept],
    ["too-deep", open, "<a>", kept],
    ["too-many-elements", open, "<a/>", sclLimits.bytesMax],
    ["too-large", `${open}a &amp; b`, "text ", sclLimits.bytesMax + kept],
  ];
  for (const [code, head, unit, bytesMax] of flows) {
    const { flow, count } = endless(head, unit);
    assert.equal(refused(flow).code, code);
    assert.ok(count.bytes < bytesMax, `${code} after ${count.bytes} bytes of ${unit}`);
  }
  assert.equal(refused(" ".repeat(sclLimits.bytesMax + 1)).code, "too-large");
});

test("[SCL9] the name of an IED is printable, short and its own", () => {
  const names = ["", "  ", "A".repeat(65), "A&#10;B", "A\u202EB"];
  for (const name of names) assert.equal(refused(scl(`<IED name="${name}"/>`)).code, "bad-name");
  assert.equal(refused(scl("\n<IED/>")).detail, "An IED has no name (line 2, column 6).");
  const twice = refused(scl(`${device("A")}\n${device(" A")}`));
  assert.equal(twice.code, "duplicate-name");
  assert.equal(twice.detail, 'Two IEDs have the name "A" (line 2, column 15).');
  assert.equal(read(scl(`<IED name="${"\u{1F50C}".repeat(64)}"/>`)).devices.length, 1);
});

test("[SCL10] what looks wrong and does no harm is noted", () => {
  const addresses =
    connected('<P type="IP">10.0.0.1</P><P type="IP-SUBNET">none</P>') +
    connected('<P type="IP">10.0.0.2</P>') +
    connected('<P type="IP">10.0.0.1</P>', "TEMPLATE") +
    connected('<P type="IP">0.0.0.0</P>', "B") +
    connected("", "C") +
    connected("", "");
  const unnamed = '<IED name="E" desc=""><AccessPoint/></IED>';
  const stations = device("A") + device("TEMPLATE") + device("B") + unnamed;
  assert.deepEqual(read(scl(network(addresses) + stations)).notes, [
    '"A" "S1" is connected twice; the first connection counts.',
    "A connection names no valid IED and access point and is left out.",
    '"TEMPLATE" is the placeholder name of an ICD file: rename the device.',
    'An access point of "E" has no name of its own and is left out.',
    '"A" "S1": "none" is no valid IP-SUBNET; left out.',
    '"A" "S1" and "TEMPLATE" "S1" have the same address 10.0.0.1.',
    'The connection of "C" "S1" belongs to no access point of the file.',
  ]);
  const notes = read(scl(network(connected("", "").repeat(150)) + device("A"))).notes;
  assert.equal(notes.length, sclLimits.notesMax + 1);
  assert.equal(notes.at(-1), "There are 50 more notes of this kind.");
});

test("[SCL11] arbitrary bytes, and any change to a station, give a station or a refusal", () => {
  const edit = fc.record({
    at: fc.nat({ max: station.length }),
    drop: fc.nat({ max: 40 }),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom("<", ">", "&", "]]>", "<!--", "<![CDATA[", "<?", "&#", "<IED").map(utf8),
    ),
  });
  const mutated = fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes: Bytes = station;
    for (const { at, drop, put } of edits) {
      bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + drop)]);
    }
    return bytes;
  });
  const arbitrary = fc.uint8Array({ maxLength: 3_000 });
  const markup = fc
    .array(
      fc.constantFrom(...Array.from("<>/!?-[]&;#x=\"' \r\nSCL"), "<SCL", "<!DOCTYPE", "CDATA["),
    )
    .map((parts) => utf8(`<${parts.join("")}`));
  fc.assert(
    fc.property(fc.oneof(mutated, arbitrary, markup), (bytes) => {
      const outcome = decodeScl([bytes]);
      if (!outcome.ok) assert.match(outcome.error.detail, /^\P{Cc}{5,400}\.$/u);
      else assert.ok(outcome.value.devices.length > 0);
    }),
    { numRuns: 400 },
  );
});

test("[SCL11] noise in a station never makes the decoder hang", async () => {
  const module = new URL("./scl.ts", import.meta.url).href;
  const worker = new Worker(noise, { eval: true, workerData: { module, station } });
  const ended = new Promise<string>((resolve) => {
    worker.once("message", (outcome: string) => resolve(outcome));
    worker.once("error", (error) => resolve(String(error)));
  });
  const watchdog = new Promise<string>((resolve) => {
    setTimeout(() => resolve("hangs"), 60_000).unref();
  });
  const ending = await Promise.race([ended, watchdog]);
  await worker.terminate();
  assert.equal(ending, "survived");
});

/** JavaScript for the worker: XML's own characters are strewn over the station, again and again. */
const noise = `
const { parentPort, workerData } = require("node:worker_threads");
import(workerData.module).then(({ decodeScl }) => {
  let seed = 61_850;
  const random = (below) => ((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31), seed % below);
  const characters = Buffer.from("<>/!?-[]&;#=\\"' \\r\\n\\0\\u00e4");
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from(workerData.station);
    for (let change = random(3); change >= 0; change--) {
      bytes[random(bytes.length)] = characters[random(characters.length)];
    }
    decodeScl([bytes]);
  }
  parentPort.postMessage("survived");
}).catch((error) => parentPort.postMessage(String(error)));
`;

test("[SCL11] the portions in which a file comes change nothing", () => {
  const source = utf8(scl(`<IED name="Ä€\u{1F50C}"/>\r\n${network(connected(""))}\r\n<x>`));
  fc.assert(
    fc.property(fc.array(fc.nat({ max: source.length }), { maxLength: 20 }), (cuts) => {
      const ends = [...cuts, source.length].toSorted((left, right) => left - right);
      const chunks = ends.map((end, index) => source.subarray(ends[index - 1] ?? 0, end));
      assert.deepEqual(decodeScl(chunks), decodeScl([source]));
    }),
  );
  const large = utf8(station.toString().replace("</SCL>", `${" €\r\n".repeat(9_000)}</SCL>`));
  assert.deepEqual(read([large]), read([station]));
});

test("[SCL12] text from the file is one printable line of bounded length", () => {
  const raw = "one&#10;two\u009B\u202Ethree";
  const file = read(scl(`<IED name="A" desc="${raw}" type="${"T".repeat(1_000)}"/>`));
  assert.equal(file.devices[0]?.description, "one two three");
  assert.equal(file.devices[0]?.type.length, sclLimits.textCharactersMax);
  assert.deepEqual(file.notes, ['The type of "A" is shortened to 255 characters.']);
});
