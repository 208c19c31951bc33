// Times as "3 min ago", in the reader's own time on hover; without this script they stay in UTC.
const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });

function since(seconds) {
  const [size, unit] = UNITS.find(([size]) => Math.abs(seconds) >= size) || UNITS.at(-1);
  return relative.format(-Math.trunc(seconds / size), unit);
}

export function showTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    time.textContent = since((Date.now() - moment) / 1000);
    time.title = moment.toLocaleString();
  }
}

showTimes(document);
setInterval(() => showTimes(document), 5000);
