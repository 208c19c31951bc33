// Times as "3 min. ago", after a week as a date; in the reader's own time, which hovering shows to the
// second. Without this script they stay in UTC.
const WEEK = 7 * 86400;
const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const dated = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

function since(seconds) {
  const [size, unit] = UNITS.find(([size]) => Math.abs(seconds) >= size) || UNITS.at(-1);
  return relative.format(-Math.trunc(seconds / size), unit);
}

export function showTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    const seconds = (Date.now() - moment) / 1000;
    time.textContent = Math.abs(seconds) < WEEK ? since(seconds) : dated.format(moment);
    time.title = moment.toLocaleString();
  }
}

showTimes(document);
setInterval(() => showTimes(document), 5000);
