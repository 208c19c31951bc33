// The list of alerts as it grows: rows come from the server, ready and escaped.
import { showTimes } from "./times.js";

const list = document.getElementById("alerts");
const told = document.getElementById("status");
const map = document.getElementById("map");
const title = document.title;
const ROWS_MAX = Number(list.dataset.rows);
const FRESH_MS = 4000;
const AGAIN_MS = 2000;
let unseen = 0;
let audio = null;

function setting(name) {
  const box = document.getElementById(name);
  box.checked = localStorage.getItem(name) !== "off";
  box.addEventListener("change", () => {
    localStorage.setItem(name, box.checked ? "on" : "off");
    showBadge();
  });
  return box;
}

const sound = setting("sound");
const badge = setting("badge");

function showBadge() {
  document.title = badge.checked && unseen ? `(${unseen}) ${title}` : title;
}

function beep() {
  // Browsers allow no sound before the person did something on the page.
  if (!sound.checked || !navigator.userActivation.hasBeenActive) return;
  audio ??= new AudioContext();
  const tone = new OscillatorNode(audio, { frequency: 880 });
  const volume = new GainNode(audio, { gain: 0.08 });
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.12);
}

function addPoint(row) {
  const { latitude, longitude, kind } = row.dataset;
  if (!map || latitude === undefined) return;
  const { south, west, north, east } = map.dataset;
  const box = map.viewBox.baseVal;
  const point = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  point.setAttribute("cx", ((longitude - west) / (east - west)) * box.width);
  point.setAttribute("cy", ((north - latitude) / (north - south)) * box.height);
  point.setAttribute("r", 7);
  point.classList.add(kind);
  point.dataset.seq = row.dataset.seq;
  const points = document.getElementById("points");
  points.append(point);
  if (points.childElementCount > ROWS_MAX) points.firstElementChild.remove();
}

function addRow(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const row = holder.content.firstElementChild;
  if (list.querySelector(`[data-seq="${CSS.escape(row.dataset.seq)}"]`)) return;
  row.classList.add("fresh");
  showTimes(row);
  list.prepend(row);
  if (list.childElementCount > ROWS_MAX) list.lastElementChild.remove();
  document.getElementById("empty").classList.add("hidden");
  setTimeout(() => row.classList.remove("fresh"), FRESH_MS);
  addPoint(row);
}

function tell(text, isLive) {
  told.textContent = text;
  told.dataset.live = isLive;
}

// The row under the pointer or the keyboard's focus, on the map.
function mark(event) {
  const seq = event.target.closest("tr")?.dataset.seq;
  for (const point of document.querySelectorAll("#points circle")) {
    point.classList.toggle("marked", point.dataset.seq === seq);
  }
}

for (const name of ["pointerover", "focusin"]) list.addEventListener(name, mark);

function follow(address) {
  const stream = new EventSource(address);
  stream.addEventListener("open", () => tell("Live", "yes"));
  stream.addEventListener("alert", (event) => {
    address.searchParams.set("after", event.lastEventId);
    addRow(JSON.parse(event.data));
    if (document.hidden) unseen += 1;
    showBadge();
    beep();
  });
  stream.addEventListener("counts", (event) => showCounts(JSON.parse(event.data)));
  stream.addEventListener("reload", () => location.reload());
  stream.addEventListener("error", () => {
    tell("Connection lost, trying again", "no");
    // The browser comes back by itself, unless something answered that is no stream.
    if (stream.readyState === EventSource.CLOSED) setTimeout(comeBack, AGAIN_MS, address);
  });
  addEventListener("pagehide", () => stream.close());
}

async function comeBack(address) {
  const answer = await fetch("/api/v1/me").catch(() => null);
  if (answer?.status === 401) location.reload();
  else follow(address);
}

function showCounts(counts) {
  for (const [state, count] of Object.entries(counts)) {
    const shown = document.querySelector(`#counts [data-state="${CSS.escape(state)}"]`);
    if (shown) shown.textContent = count;
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  showBadge();
});

if (list.dataset.stream) follow(new URL(list.dataset.stream, location));
