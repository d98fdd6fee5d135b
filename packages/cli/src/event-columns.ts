/** What people see of an event; every member is in the other forms. */
export const eventColumns: readonly string[] = [
  "at",
  "event",
  "name",
  "subject",
  "door",
  "source",
  "device",
  "outcome",
  "detail",
];
