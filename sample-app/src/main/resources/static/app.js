'use strict';

const MAX_KEPT = 2000;   // entries that the tab remembers
const MAX_ROWS = 200;    // the number of them in the table
const MAX_POINTS = 300;  // the number of them in the chart

const $ = id => document.getElementById(id);

let sensor;              // the sensor that is shown
let entries = [];        // its entries, oldest first: readings { id, added, temperature, measured }, and gaps { gap }
let source;              // the open EventSource
let fresh = [];          // entries that are not drawn yet
let drawTimer, saveTimer, reopenTimer;

// ---- what the tab remembers: the shown entries, and so the position to continue at ----------------------------------

function load() {
  try {
    return JSON.parse(sessionStorage.getItem('readings:' + sensor)) ?? [];
  } catch {
    return [];
  }
}

function save() {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  try {
    sessionStorage.setItem('readings:' + sensor, JSON.stringify(entries));
  } catch {
    sessionStorage.removeItem('readings:' + sensor); // no space: a reload then starts from the beginning
  }
}

const lastId = () => entries.findLast(entry => entry.id)?.id;

// ---- following ------------------------------------------------------------------------------------------------------

function show(name) {
  if (sensor) {
    save();
  }
  sensor = name;
  entries = load();
  $('sensor').textContent = name;
  $('log').textContent = 'sensors:' + name;
  $('add-sensor').value = name;
  addSensor(name);
  for (const link of $('sensors').querySelectorAll('a')) {
    link.ariaCurrent = String(link.textContent === name);
  }
  drawAll();
  open();
}

function open() {
  source?.close();
  clearTimeout(reopenTimer);
  setState('connecting', 'Connecting');
  // After a lost connection, the browser reconnects by itself and sends its position in a header. Only a new page, or a page
  // that the server has refused, must send it in the address. It sends only the position in the readings, because it needs the
  // names of all sensors again.
  const after = lastId();
  source = new EventSource(`api/sensors/${encodeURIComponent(sensor)}/readings/stream` + (after ? '?lastEventId=' + after : ''));
  source.onopen = () => setState('connecting', 'Catching up');
  source.onerror = () => {
    setState('connecting', 'Connection lost, trying again');
    if (source.readyState === EventSource.CLOSED) {
      reopenTimer = setTimeout(open, 2000);
    }
  };
  source.addEventListener('reading', message => add(JSON.parse(message.data)));
  source.addEventListener('caught-up', () => setState('live', 'Live'));
  source.addEventListener('sensor', message => addSensor(message.data));
  source.addEventListener('gap', message => addGap(JSON.parse(message.data)));
  answers.clear(); // a new connection sends all answers again
  source.onmessage = message => addPiece(JSON.parse(message.data)); // an event of the logs of a pattern
  source.addEventListener('complete', message => endAnswer(JSON.parse(message.data)));
  source.addEventListener('gone', message => forgetAnswer(JSON.parse(message.data)));
  source.addEventListener('interrupted', message => setState('connecting', message.data));
  source.addEventListener('resumed', () => setState('live', 'Live'));
  source.addEventListener('failed', message => {
    source.close();
    setState('failed', JSON.parse(message.data).message);
  });
}

function setState(state, text) {
  $('state').dataset.state = state;
  $('state').textContent = text;
}

function add(entry) {
  entries.push(entry);
  fresh.push(entry);
  if (entries.length > MAX_KEPT) {
    entries.splice(0, entries.length - MAX_KEPT);
  }
  drawTimer ??= setTimeout(draw, 50); // not requestAnimationFrame, so that a tab in the background keeps up too
  saveTimer ??= setTimeout(save, 2000);
}

function addGap({ kind, missed, log }) {
  if (log !== 'reading') {
    return; // names of sensors that the page already knows
  }
  const count = missed == null ? 'Some readings' : missed === 1 ? '1 reading' : missed + ' readings';
  if (kind === 'BEGAN_AGAIN') {
    entries = [];
    drawAll();
    add({ gap: `The log was deleted and began again. ${count} before this were missed.` });
  } else {
    add({ gap: `${count} here were removed from the log before they could be shown.` });
  }
}

function addSensor(name) {
  const links = [...$('sensors').querySelectorAll('a')];
  if (links.some(link => link.textContent === name)) {
    return;
  }
  const link = document.createElement('a');
  link.href = '#' + name;
  link.textContent = name;
  link.ariaCurrent = String(name === sensor);
  const item = document.createElement('li');
  item.append(link);
  const next = links.find(other => other.textContent.localeCompare(name) > 0);
  $('sensors').insertBefore(item, next?.parentElement ?? null);
  const option = document.createElement('option');
  option.value = name;
  $('known-sensors').append(option);
}

// ---- drawing --------------------------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const degrees = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 2, style: 'unit', unit: 'celsius' });

function drawAll() {
  $('readings').replaceChildren();
  fresh = [...entries];
  draw();
}

function draw() {
  clearTimeout(drawTimer);
  drawTimer = undefined;
  const rows = $('readings');
  rows.prepend(...fresh.slice(-MAX_ROWS).reverse().map(toRow));
  while (rows.children.length > MAX_ROWS) {
    rows.lastElementChild.remove();
  }
  fresh = [];
  const readings = entries.filter(entry => entry.id);
  const latest = readings.at(-1);
  $('empty').hidden = entries.length > 0;
  $('count').textContent = readings.length;
  $('last-id').textContent = latest?.id ?? '–';
  $('latest').textContent = latest ? degrees.format(latest.temperature) : '–';
  $('latest-time').textContent = !latest ? '' : latest.measured
    ? 'dated ' + hour.format(new Date(latest.measured)) : 'added ' + clock.format(new Date(latest.added));
  drawChart(readings.slice(-MAX_POINTS));
}

function toRow(entry) {
  const row = document.createElement('tr');
  if (entry.gap) {
    row.className = 'gap';
    const cell = row.insertCell();
    cell.colSpan = 4;
    cell.textContent = entry.gap;
    return row;
  }
  row.dataset.id = entry.id;
  row.insertCell().textContent = entry.id;
  row.insertCell().textContent = clock.format(new Date(entry.added));
  const temperature = row.insertCell();
  temperature.className = 'number';
  temperature.textContent = degrees.format(entry.temperature);
  row.insertCell().textContent = entry.measured ? hour.format(new Date(entry.measured)) : '–';
  return row;
}

let chart;

function drawChart(readings) {
  const data = [
    readings.map(reading => new Date(reading.added).getTime() / 1000),
    readings.map(reading => reading.temperature),
  ];
  if (chart) {
    chart.setData(data);
    return;
  }
  const color = name => {
    // Uses an element, because a custom property with light-dark(…) is resolved only where it is used.
    $('chart').style.color = `var(--${name})`;
    return getComputedStyle($('chart')).color;
  };
  const axis = { stroke: color('muted'), grid: { stroke: color('line'), width: 1 }, ticks: { stroke: color('line'), width: 1 } };
  const accent = color('accent');
  chart = new uPlot({
    ...chartSize(),
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { range: atLeastAMinute } },
    axes: [{ ...axis, space: 90, values: (_, ticks) => ticks.map(tick => time.format(new Date(tick * 1000))) }, { ...axis, size: 70, values: (_, ticks) => ticks.map(tick => tick + ' °C') }],
    series: [{}, { stroke: accent, width: 2, points: { show: ({ data: [times] }) => times.length < 60 }, fill: accent.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }],
  }, data, $('chart'));
}

// Without this, uPlot shows a whole day for a single moment.
function atLeastAMinute({ data: [times] }, from, to) {
  const span = times.at(-1) - times[0];
  return span < 60 ? [times[0] - (60 - span) / 2, times.at(-1) + (60 - span) / 2] : [from, to];
}

const chartSize = () => ({ width: $('chart').clientWidth, height: $('chart').clientHeight });

new ResizeObserver(() => chart?.setSize(chartSize())).observe($('chart'));

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  chart?.destroy();
  chart = undefined;
  draw();
});

// ---- the model's answer ---------------------------------------------------------------------------------------------

// The answers by log name. The newest one is shown. The tab does not store them: a new page reads them from the beginning.
const answers = new Map();

const answerOf = log => answers.get(log) ?? answers.set(log, { text: '', end: null }).get(log);

const newest = () => [...answers.keys()].sort().at(-1);

function addPiece({ log, event }) {
  answerOf(log).text += event.text;
  drawAnswer();
}

function endAnswer({ log, kind, reason }) {
  if (log.startsWith('answers:')) {
    answerOf(log).end = { kind, reason };
    drawAnswer();
  }
}

function forgetAnswer({ log }) {
  answers.delete(log);
  drawAnswer();
}

function drawAnswer() {
  const log = newest();
  if (!log) {
    return;
  }
  const { text, end } = answers.get(log);
  const going = !end;
  $('answer').textContent = text;
  $('answer').classList.toggle('going', going);
  $('answer-state').dataset.state = end?.kind ?? 'going';
  $('answer-state').textContent = going ? 'Answering. The answer continues without this page.'
    : end.kind === 'DONE' ? 'The answer is complete.'
    : end.kind === 'CANCELLED' ? 'Stopped: ' + (end.reason ?? 'no reason given') + '.'
    : 'Ended in mid-sentence: ' + (end.reason ?? 'unknown reason') + '.';
  $('ask').textContent = going ? 'Stop' : 'Ask';
  $('ask').classList.toggle('stop', going);
}

$('ask').addEventListener('click', async () => {
  const log = newest();
  const going = log && !answers.get(log).end;
  $('ask').disabled = true;
  try {
    const answer = await fetch(going ? `api/answers/${log.slice('answers:'.length)}/stop` : 'api/answers', { method: 'POST' });
    if (!answer.ok) {
      const problem = await answer.json();
      $('answer-state').textContent = problem.detail ?? problem.title ?? 'The server refused.';
    }
  } catch {
    $('answer-state').textContent = 'The server cannot be reached.';
  } finally {
    $('ask').disabled = false; // the result arrives through the log, as in every other tab
  }
});

// ---- adding ---------------------------------------------------------------------------------------------------------

// One key for each reading that somebody enters: if a response is lost, sending the reading again adds it only once.
const newKey = () => Date.now() + '-' + Math.random().toString(36).slice(2);
let idempotencyKey = newKey();
$('add').addEventListener('input', () => idempotencyKey = newKey());

$('add').addEventListener('submit', async event => {
  event.preventDefault();
  const name = $('add-sensor').value.trim();
  const temperature = $('add-temperature').value;
  say('', []);
  if (!name || !temperature) {
    say(name ? 'Enter a temperature.' : 'Enter the name of a sensor.', [name ? 'temperature' : 'sensor']);
    return;
  }
  try {
    const answer = await fetch(`api/sensors/${encodeURIComponent(name)}/readings`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ temperature: Number(temperature) }),
    });
    const body = await answer.json();
    if (!answer.ok) {
      say(body.detail ?? body.title ?? 'The server refused.', (body.errors ?? []).map(error => error.field));
      return;
    }
    idempotencyKey = newKey();
    // Nothing is drawn here: the reading arrives through the log, as in every other tab.
    $('add-message').textContent = 'Added as ' + body.id;
    $('add-temperature').value = '';
    location.hash = name;
  } catch {
    say('The server cannot be reached.', []);
  }
});

function say(problem, fields) {
  $('add-message').textContent = problem;
  $('add-message').classList.toggle('bad', problem !== '');
  for (const input of $('add').querySelectorAll('input')) {
    input.setAttribute('aria-invalid', fields.includes(input.name));
  }
}

// ---- beginning and end ----------------------------------------------------------------------------------------------

const named = () => decodeURIComponent(location.hash.slice(1)) || 'seattle';

addEventListener('hashchange', () => named() !== sensor && show(named()));
addEventListener('pagehide', () => {
  source.close();
  save();
});
addEventListener('pageshow', event => event.persisted && open());

show(named());
