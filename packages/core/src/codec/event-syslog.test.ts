import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { cefLine, octetCounted, syslogLine, type ToldEvent } from "./event-syslog.ts";

function anEvent(change: Partial<ToldEvent> = {}): ToldEvent {
  return {
    sequence: 7,
    at: "2026-06-01T12:00:00.002Z",
    event: 1130,
    name: "LOGIN_FAIL_WRONG_CR",
    severity: "warning",
    gsal: "AuthFail",
    outcome: "refused",
    subject: "anna",
    door: "ldap",
    source: "192.0.2.1",
    device: null,
    server: "A",
    detail: "wrong password",
    ...change,
  };
}

test("[SY1][FE5] an event is a line of RFC 5424 with its number in sequence", () => {
  assert.equal(
    syslogLine(anEvent()),
    '<108>1 2026-06-01T12:00:00.002Z A gridward - LOGIN_FAIL_WRONG_CR [origin software="gridward" swVersion="0.1.0"][meta sequenceId="7"] event=1130 outcome=refused user=anna door=ldap src=192.0.2.1 gsal=AuthFail: wrong password',
  );
  assert.match(
    syslogLine(anEvent({ subject: 'Zoë "x" \\' })),
    /\] \u{FEFF}event.*user="Zoë \\"x\\" \\\\"/u,
  );
  assert.match(syslogLine(anEvent({ sequence: 2_147_483_648 })), /sequenceId="1"/);
});

test("[SY2][FE5] the same event in CEF, with what CEF reserves escaped", () => {
  assert.match(
    cefLine(anEvent({ detail: "a=b|c\\d", device: "Q01" })),
    /^<108>1 \S+ A gridward - LOGIN_FAIL_WRONG_CR \S+ \S+ \S+ \S+ CEF:0\|Gridward\|Gridward\|0\.1\.0\|1130\|LOGIN_FAIL_WRONG_CR\|6\|rt=1780315200002 dvchost=A externalId=7 outcome=refused suser=anna src=192\.0\.2\.1 app=ldap dhost=Q01 cat=AuthFail msg=a\\=b\|c\\\\d$/,
  );
});

test("[SY3] whatever a stranger typed, it is one line of whole characters, and counted in bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  fc.assert(
    fc.property(text, text, text, (subject, detail, server) => {
      for (const line of [syslogLine, cefLine].map((make) =>
        make(anEvent({ subject, detail, server })),
      )) {
        assert.doesNotMatch(line, /[\p{Cc}\p{Cs}]/u);
        const frame = octetCounted(line);
        const [count = ""] = Buffer.from(frame).toString("utf8").split(" ", 1);
        assert.equal(frame.length, count.length + 1 + Number(count));
      }
    }),
  );
});
