// Reads calendars with ical.js, which other calendars are built on: a JSON list of them from standard input, and what
// their events say as JSON to standard output.
const ICAL = require("ical.js");
const told = (time) => (time.isDate ? time.toString() : time.toUnixTime());
const read = (text) =>
  new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    const status = component.getFirstPropertyValue("status");
    const { uid, summary, description, location, sequence } = event;
    return { uid, start: told(event.startDate), end: told(event.endDate), summary, description, location, sequence, status };
  });
let input = "";
process.stdin.on("data", (piece) => (input += piece));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(input).map(read))));
