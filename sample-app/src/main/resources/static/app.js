'use strict';

const MAX_KEPT = 600;    // the number of readings that the tab remembers of each sensor
const MAX_POINTS = 300;  // the number of them in the chart
const MAX_HISTORY = 2000; // rows of the table after scrolling back
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const NAME_RULE = 'The name of a sensor has 1 to 40 letters, digits, “-” or “_”, and begins with a letter or digit.';

const $ = id => document.getElementById(id);

// ---- the state of the page ------------------------------------------------------------------------------------------

// What all messages so far add up to, and the position after the last of them. A tab stores both together, so that it continues
// exactly there after a reload. The logs are by name; a log of a sensor has entries: { id, temperature, measured } or { gap }.
const nothing = () => ({ position: '', sensors: {}, answers: {}, jobs: {}, accounts: {} });
let page = load();
let sensor;              // the name of the sensor that is shown

function load() {
  try {
    return JSON.parse(sessionStorage.getItem('page')) ?? nothing();
  } catch {
    return nothing();
  }
}

let saveTimer;

function save() {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  try {
    sessionStorage.setItem('page', JSON.stringify(page));
  } catch {
    sessionStorage.removeItem('page'); // no space: a reload then starts from the beginning
  }
}

const kind = log => log.slice(0, log.indexOf(':'));
const nameOf = log => log.slice(log.indexOf(':') + 1);
const logOf = name => 'sensors:' + name;
const entriesOf = log => page.sensors[log] ?? [];
const newest = logs => Object.keys(logs).sort().at(-1);
const millis = id => Number(id.slice(0, id.indexOf('-')));

// ---- following: one connection for everything -----------------------------------------------------------------------

let source;
let reopenTimer;
let heard = 0;           // when the last message came
let interruptions = 0;   // when Redis was lost, for the time that it was away

function open() {
  close();
  setState('connecting', 'Connecting');
  // After a lost connection, the browser reconnects by itself and sends its position in a header. Only a new page, or a page that
  // the server has refused, must send it in the address.
  source = new EventSource('api/page/stream' + (page.position ? '?lastEventId=' + encodeURIComponent(page.position) : ''));
  source.onopen = () => {
    heard = Date.now();
    setState('connecting', 'Catching up');
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) {
      reopenTimer = setTimeout(open, 2000);
    }
    setState('lost', 'Connection lost, trying again');
    if (pageTold[0]?.what !== 'connection lost') { // the browser tries again every second
      happened('this page', 'connection lost');
    }
  };
  const on = (name, handler) => source.addEventListener(name, message => {
    heard = Date.now();
    handler(message.data);
    page.position = message.lastEventId || page.position; // together with what the message changed
    saveTimer ??= setTimeout(save, 2000);
  });
  on('message', data => event(JSON.parse(data)));
  on('gap', data => gap(JSON.parse(data)));
  on('complete', data => complete(JSON.parse(data)));
  on('gone', data => gone(JSON.parse(data).log));
  on('caught-up', caughtUp);
  on('interrupted', () => {
    interruptions = Date.now();
    setState('interrupted', 'Interrupted: Redis cannot be reached');
    happened('this page', 'interrupted: Redis cannot be reached');
  });
  on('resumed', () => {
    const away = seconds(Date.now() - interruptions);
    happened('this page', 'resumed after ' + away);
    setState('live', 'Live again after ' + away);
    setTimeout(() => $('state').dataset.state === 'live' && setState('live', 'Live'), 4000);
    recovered();
  });
  on('followers', data => drawFollowers(JSON.parse(data)));
  on('taken', data => taken(JSON.parse(data)));
  on('failed', data => {
    const { code, message } = JSON.parse(data);
    close();
    if (code === 'too-many-logs') {
      page = nothing();
    }
    setState('failed', message);
  });
}

function close() {
  clearTimeout(reopenTimer);
  source?.close();
}

// The panel sends a message every second. If there is none, the server hangs, or the browser holds the connection back.
setInterval(() => {
  if (source?.readyState === EventSource.OPEN && heard && Date.now() - heard > 6000 && $('state').dataset.state === 'live') {
    setState('lost', 'The server has sent nothing for ' + seconds(Date.now() - heard));
  } else if (source?.readyState === EventSource.CONNECTING && $('state').dataset.state === 'connecting' && Date.now() - opened > 5000) {
    setState('connecting', 'Waiting for a connection: a browser opens at most six connections to a server');
  } else if ($('state').dataset.state === 'lost' && source?.readyState === EventSource.OPEN && Date.now() - heard < 2000) {
    setState('live', 'Live');
  }
}, 1000);

let opened = Date.now();

function setState(state, text) {
  if (state === 'connecting' && $('state').dataset.state !== 'connecting') {
    opened = Date.now();
  }
  $('state').dataset.state = state;
  $('state').textContent = text;
}

const seconds = duration => (duration / 1000).toFixed(duration < 10000 ? 1 : 0) + ' s';

async function caughtUp() {
  setState('live', 'Live');
  recovered();
  try {
    // A log that ended while this tab was away is not reported by a new connection.
    const answer = await fetch('api/page/logs');
    if (answer.ok) {
      const exist = new Set(await answer.json());
      for (const logs of [page.sensors, page.answers, page.jobs, page.accounts]) {
        Object.keys(logs).filter(log => !exist.has(log)).forEach(gone);
      }
    }
  } catch {
    // the next connection asks again
  }
}

/** What somebody entered could not be sent. It can now. */
function recovered() {
  for (const message of document.querySelectorAll('[data-while="away"]')) {
    say(message, message.dataset.before);
  }
}

function event({ log, id, event }) {
  switch (kind(log)) {
    case 'sensors': return reading(log, { id, temperature: Number(event.temperature), measured: event.measured });
    case 'answers': (page.answers[log] ??= { text: '', end: null }).text += event.text; return drawAnswer();
    case 'jobs': Object.assign(page.jobs[log] ??= { end: null }, { percent: Number(event.percent), at: millis(id) }); return drawJob();
    case 'accounts': return booking(log, { id, amount: Number(event.amount), by: event.by });
  }
}

function gap({ log, kind: what, missed, firstAvailable }) {
  const count = missed == null ? 'An unknown number of events' : missed === 1 ? '1 event' : missed + ' events';
  if (kind(log) === 'sensors') {
    if (what === 'BEGAN_AGAIN') {
      page.sensors[log] = [];
      drawSensor(log);
    }
    reading(log, { gap: what === 'BEGAN_AGAIN'
      ? `The log was lost or deleted, and began again. ${count} before this ${missed === 1 ? 'was' : 'were'} missed.`
      : missed === 1 ? '1 event here was removed from the log before it could be shown.' : `${count} here were removed from the log before they could be shown.` });
  } else if (what === 'BEGAN_AGAIN') {
    delete page[kind(log)][log];
  }
  happened('this page', what === 'BEGAN_AGAIN' ? `gap: ${log} began again, missed ${count.toLowerCase()}` : `gap: missed ${count.toLowerCase()} of ${log}`);
}

function complete({ log, kind: what, reason }) {
  const logs = page[kind(log)];
  if (logs === page.answers) {
    (logs[log] ??= { text: '', end: null }).end = { kind: what, reason };
    drawAnswer();
  } else if (logs === page.jobs) {
    (logs[log] ??= { percent: 0, end: null }).end = { kind: what, reason };
    drawJob();
  }
}

function gone(log) {
  delete page[kind(log)]?.[log];
  switch (kind(log)) {
    case 'sensors': drawSensors(); drawSensor(log); break;
    case 'answers': drawAnswer(); break;
    case 'jobs': drawJob(); break;
    case 'accounts': drawAccount(); break;
  }
}

// ---- the readings of a sensor ---------------------------------------------------------------------------------------

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const degrees = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 2, style: 'unit', unit: 'celsius' });

let fresh = [];          // entries of the shown sensor that are not drawn yet
let drawTimer;
let allShown = false;    // whether the table has the oldest reading

function reading(log, entry) {
  const isNew = !page.sensors[log];
  const entries = page.sensors[log] ??= [];
  entries.push(entry);
  if (entries.length > MAX_KEPT) {
    entries.splice(0, entries.length - MAX_KEPT);
  }
  if (isNew) {
    drawSensors();
  }
  if (log === logOf(sensor)) {
    fresh.push(entry);
    drawTimer ??= setTimeout(draw, 50); // not requestAnimationFrame, so that it also draws in a background window
  }
}

function show(name) {
  sensor = name;
  $('sensor').textContent = name.length > 40 ? name.slice(0, 40) + '…' : name;
  $('log').textContent = NAME.test(name) ? logOf(name) : '–';
  if (NAME.test(name)) {
    $('add-sensor').value = name;
  }
  drawSensors();
  drawSensor(logOf(name));
}

function drawSensors() {
  const names = new Set(Object.keys(page.sensors).map(nameOf));
  if (NAME.test(sensor)) {
    names.add(sensor);
  }
  const sorted = [...names].sort((one, other) => one.localeCompare(other));
  $('sensors').replaceChildren(...sorted.map(name => {
    const link = document.createElement('a');
    link.href = '#' + name;
    link.textContent = name;
    link.ariaCurrent = String(name === sensor);
    const item = document.createElement('li');
    item.append(link);
    return item;
  }));
  $('known-sensors').replaceChildren(...sorted.map(name => new Option(name)));
}

function drawSensor(log) {
  if (log !== logOf(sensor)) {
    return;
  }
  $('readings').replaceChildren();
  allShown = false;
  fresh = [...entriesOf(log)];
  draw();
}

function draw() {
  clearTimeout(drawTimer);
  drawTimer = undefined;
  const rows = $('readings');
  const live = $('history').scrollTop < 40;
  rows.prepend(...fresh.reverse().map(toRow));
  fresh = [];
  while (rows.children.length > (live ? MAX_KEPT : MAX_HISTORY)) {
    rows.lastElementChild.remove();
    allShown = false;
  }
  const entries = entriesOf(logOf(sensor));
  const readings = entries.filter(entry => entry.id);
  const latest = readings.at(-1);
  const valid = NAME.test(sensor);
  $('no-sensor').hidden = valid && entries.length > 0;
  $('no-sensor').textContent = valid ? 'This sensor has no readings. Add one below.' : 'There is no such sensor. ' + NAME_RULE;
  $('empty').hidden = entries.length > 0;
  $('older').hidden = !latest || allShown;
  $('count').textContent = rows.querySelectorAll('[data-id]').length;
  $('last-id').textContent = latest?.id ?? '–';
  $('latest').textContent = latest ? degrees.format(latest.temperature) : '–';
  $('latest-time').textContent = !latest ? '' : latest.measured
    ? 'dated ' + hour.format(new Date(latest.measured)) : 'added ' + clock.format(new Date(millis(latest.id)));
  drawChart(sinceLongPause(entries.slice(-MAX_POINTS)));
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
  const cell = (text, className) => {
    const added = row.insertCell();
    added.className = className;
    added.textContent = text;
  };
  row.dataset.id = entry.id;
  cell(clock.format(new Date(millis(entry.id))), '');
  cell(degrees.format(entry.temperature), 'number');
  cell(entry.measured ? hour.format(new Date(entry.measured)) : '–', 'wide');
  cell(entry.id, 'wide id');
  return row;
}

// Scrolling back: pages of an EventRange, each before the last one. They are not part of what the tab remembers.
async function older() {
  const last = [...$('readings').querySelectorAll('[data-id]')].at(-1)?.dataset.id;
  if (!last || $('older').disabled) {
    return;
  }
  const of = sensor;
  $('older').disabled = true;
  try {
    const answer = await fetch(`api/sensors/${encodeURIComponent(of)}/readings/page?order=newest&limit=50&before=${last}`);
    if (answer.ok && of === sensor) {
      const { events, next } = await answer.json();
      $('readings').append(...events.map(({ id, value }) => toRow({ id, ...value })));
      allShown = !next;
      $('older').hidden = allShown;
      $('count').textContent = $('readings').querySelectorAll('[data-id]').length;
    }
  } catch {
    // the button is still there
  } finally {
    $('older').disabled = false;
  }
}

$('older').addEventListener('click', older);
$('history').addEventListener('scroll', () => {
  const { scrollTop, clientHeight, scrollHeight } = $('history');
  if (scrollTop > 0 && scrollTop + clientHeight > scrollHeight - 60 && !$('older').hidden) {
    older();
  }
});

let chart;

/** The entries after the last pause of more than two minutes, if they are enough for a chart. */
function sinceLongPause(entries) {
  for (let i = entries.length - 20; i > 0; i--) {
    if (entries[i].id && entries[i - 1].id && millis(entries[i].id) - millis(entries[i - 1].id) > 120000) {
      return entries.slice(i);
    }
  }
  return entries;
}

/** The points, with a break at each gap and where nothing was added for five times as long as usual. */
function points(entries) {
  const times = entries.filter(entry => entry.id).map(entry => millis(entry.id));
  const pauses = times.slice(1).map((at, i) => at - times[i]).sort((a, b) => a - b);
  const longest = Math.max(2500, 5 * (pauses[pauses.length >> 1] ?? 0));
  const data = [[], []];
  let before;
  for (const entry of entries) {
    if (entry.gap) {
      before = undefined;
      continue;
    }
    const at = millis(entry.id);
    if (data[0].length && (before === undefined || at - before > longest)) {
      data[0].push(((before ?? data[0].at(-1) * 1000) + at) / 2000);
      data[1].push(null);
    }
    data[0].push(at / 1000);
    data[1].push(entry.temperature);
    before = at;
  }
  return data;
}

function drawChart(entries) {
  const data = points(entries);
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
    padding: [8, 32, 0, 0],
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { range: atLeastAMinute } },
    axes: [{ ...axis, space: 90, values: (_, ticks) => ticks.map(tick => time.format(new Date(tick * 1000))) }, { ...axis, size: 60, values: (_, ticks) => ticks.map(tick => tick + ' °C') }],
    series: [{}, { stroke: accent, width: 2, spanGaps: false, points: { show: ({ data: [times] }) => times.length < 60 }, fill: accent.replace('rgb(', 'rgba(').replace(')', ', 0.12)') }],
  }, data, $('chart'));
}

// Without this, uPlot shows a whole day for a single moment.
function atLeastAMinute({ data: [times] }, from, to) {
  return times.at(-1) - times[0] < 60 ? [times.at(-1) - 60, times.at(-1)] : [from, to];
}

const chartSize = () => ({ width: $('chart').clientWidth, height: $('chart').clientHeight });

new ResizeObserver(() => chart?.setSize(chartSize())).observe($('chart'));

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  chart?.destroy();
  chart = undefined;
  draw();
});

// ---- the followers, and what happened -------------------------------------------------------------------------------

const FOLLOWERS = {
  live: ['live', 'each reading as it comes'],
  slow: ['slow', 'takes a second or more for each'],
  durable: ['durable', '@EventLogListener, named'],
  pattern: ['pattern', 'all logs that match sensors:*'],
};
const numbers = new Intl.NumberFormat();
const toScreen = {};     // milliseconds by follower
let rowsOfFollowers;

function drawFollowers({ interrupted, followers, told }) {
  rowsOfFollowers ??= Object.fromEntries(followers.map(({ name }) => {
    const row = $('followers').insertRow();
    row.dataset.follower = name;
    const head = document.createElement('th');
    head.scope = 'row';
    const [title, text] = FOLLOWERS[name];
    head.append(title, Object.assign(document.createElement('small'), { textContent: text }),
      Object.assign(document.createElement('small'), { className: 'narrow' }));
    row.append(head);
    for (const className of ['state', 'wide id', 'number lag', 'number gaps', 'number screen']) {
      row.insertCell().className = className;
    }
    return [name, row];
  }));
  for (const { name, state, position, lag, gaps, missed, missedUnknown } of followers) {
    const [head, stateCell, positionCell, lagCell, gapCell, screenCell] = rowsOfFollowers[name].cells;
    const shown = stateText(state, interrupted);
    stateCell.textContent = shown;
    stateCell.title = state; // as in the endpoint
    stateCell.dataset.state = shown === 'running' || shown === 'idle' ? 'well' : 'away';
    positionCell.textContent = head.querySelector('.narrow').textContent = position ?? '–';
    lagCell.textContent = lag == null ? '–' : numbers.format(lag);
    gapCell.textContent = gaps === 0 ? '0'
      : missedUnknown && missed === 0 ? `${gaps} (?)` : `${gaps} (${numbers.format(missed)}${missedUnknown ? '+' : ''})`;
    screenCell.textContent = toScreen[name] === undefined ? '–' : toScreen[name];
  }
  serverTold = told;
  drawTold();
}

/** In one word what a follower does. The endpoint has the exact state. */
function stateText(state, interrupted) {
  if (state.startsWith('RUNNING') || state === 'SCHEDULED') {
    return 'running';
  }
  if (state.startsWith('BACKING_OFF')) {
    return interrupted ? 'interrupted' : 'retrying';
  }
  return state === 'IDLE' && interrupted ? 'interrupted' : state.replaceAll('_', ' ').toLowerCase();
}

function taken({ name, id }) {
  const duration = Math.max(0, Date.now() - millis(id));
  toScreen[name] = duration < 1000 ? duration + ' ms' : duration < 100000 ? seconds(duration) : Math.round(duration / 60000) + ' min';
  if (rowsOfFollowers) {
    rowsOfFollowers[name].querySelector('.screen').textContent = toScreen[name];
  }
}

let serverTold = [];     // what the server says
let pageTold = [];       // what this page was told

function happened(who, what) {
  pageTold = [{ at: new Date().toISOString(), who, what }, ...pageTold].slice(0, 20);
  drawTold();
}

function drawTold() {
  const all = [...serverTold, ...pageTold].sort((one, other) => other.at.localeCompare(one.at)).slice(0, 20);
  const items = new Map([...$('told').children].map(item => [item.dataset.key, item]));
  let below = null;
  for (const { at, who, what } of all.reverse()) { // adds what is new and nothing else, so that a screen reader says only that
    const key = at + who + what;
    let item = items.get(key);
    if (!item) {
      item = document.createElement('li');
      Object.assign(item.dataset, { key, who });
      item.append(Object.assign(document.createElement('time'), { textContent: time.format(new Date(at)), dateTime: at }),
        Object.assign(document.createElement('b'), { textContent: who }), ' ' + what);
      $('told').insertBefore(item, below);
    }
    items.delete(key);
    below = item;
  }
  if (below) {
    items.forEach(item => item.remove());
  }
}

async function hideBreaks() {
  try {
    const { enabled } = await (await fetch('api/break')).json();
    $('breaks').hidden = !enabled;
    $('break-title').textContent = enabled ? 'Break it' : 'What happened';
    $('break-text').hidden = !enabled;
    $('told-title').hidden = !enabled;
  } catch {
    // as it was
  }
}

for (const button of document.querySelectorAll('[data-break]')) {
  button.addEventListener('click', () =>
    post($('break-message'), 'api/break/' + button.dataset.break, { headers: { 'X-Requested-With': 'fetch' } }));
}

// ---- the job --------------------------------------------------------------------------------------------------------

function drawJob() {
  const log = newest(page.jobs);
  const { percent = 0, end } = page.jobs[log] ?? {};
  const going = log && !end;
  $('job').value = percent;
  $('start').textContent = going ? 'Cancel' : 'Start';
  $('start').classList.toggle('stop', Boolean(going));
  if (log) {
    $('job-state').dataset.state = end?.kind ?? 'going';
    $('percent').textContent = percent + '\u00a0%';
    const text = going ? 'Running. The job continues without this page.'
      : end.kind === 'DONE' ? 'Complete: no more events can come.'
      : end.kind === 'CANCELLED' ? 'Cancelled: ' + (end.reason ?? 'no reason given') + '.'
      : 'Failed: ' + (end.reason ?? 'unknown reason') + '.';
    if ($('job-state').textContent !== text) { // a screen reader says it again each time
      say($('job-state'), text);
    }
  }
}

$('start').addEventListener('click', () => {
  const log = newest(page.jobs);
  return post($('job-state'), log && !page.jobs[log].end ? `api/jobs/${nameOf(log)}/stop` : 'api/jobs', { button: $('start') });
});

// ---- the model's answer ---------------------------------------------------------------------------------------------

function drawAnswer() {
  const log = newest(page.answers);
  const { text = '', end } = page.answers[log] ?? {};
  const going = log && !end;
  $('answer').textContent = text;
  $('answer').classList.toggle('going', Boolean(going));
  $('ask').textContent = going ? 'Stop' : 'Ask';
  $('ask').classList.toggle('stop', Boolean(going));
  if (log) {
    $('answer-state').dataset.state = end?.kind ?? 'going';
    say($('answer-state'), going ? 'Answering. The answer continues without this page.'
      : end.kind === 'DONE' ? 'The answer is complete.'
      : end.kind === 'CANCELLED' ? 'Stopped: ' + (end.reason ?? 'no reason given') + '.'
      : 'Ended in mid-sentence: ' + (end.reason ?? 'unknown reason') + '.');
    $('answer').scrollTop = $('answer').scrollHeight;
  }
}

$('ask').addEventListener('click', () => {
  const log = newest(page.answers);
  return post($('answer-state'), log && !page.answers[log].end ? `api/answers/${nameOf(log)}/stop` : 'api/answers', { button: $('ask') });
});

// ---- the account ----------------------------------------------------------------------------------------------------

const euros = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR', maximumFractionDigits: 0, signDisplay: 'always' });

let foldTimer;

function booking(log, entry) {
  const bookings = page.accounts[log] ??= [];
  bookings.push(entry);
  bookings.splice(0, bookings.length - 20);
  drawAccount();
}

function drawAccount() {
  const bookings = page.accounts['accounts:1'] ?? [];
  $('bookings').replaceChildren(...bookings.slice(-4).reverse().map(({ amount, by }) => {
    const item = document.createElement('li');
    item.append(Object.assign(document.createElement('b'), { textContent: signed.format(amount) }), ' ' + by);
    return item;
  }));
  clearTimeout(foldTimer);
  foldTimer = setTimeout(fold, 50);
}

async function fold() {
  try {
    const answer = await fetch('api/account');
    if (answer.ok) {
      const { balance, lastId } = await answer.json();
      $('balance').textContent = euros.format(balance);
      return lastId;
    }
  } catch {
    // the next booking asks again
  }
}

async function twoAtOnce() {
  const last = await fold();
  if (!last) {
    return say($('account-message'), 'The account cannot be read now.', true);
  }
  const book = async by => [by, await fetch('api/account/bookings', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'If-Match': last },
    body: JSON.stringify({ amount: 10, by }),
  })];
  try {
    const answers = await Promise.all([book('Ann'), book('Ben')]);
    const [loser, refusal] = answers.find(([, answer]) => answer.status === 409) ?? [];
    const winner = answers.find(([, answer]) => answer.ok)?.[0] ?? 'Nobody';
    say($('account-message'), refusal
      ? `Both expected ${last} to be the last id. ${winner} was first. ${loser} got ${refusal.status}: ${(await refusal.json()).detail}`
      : 'There was no conflict.');
  } catch {
    say($('account-message'), 'The server cannot be reached.', true);
  }
}

const ACCOUNT = {
  deposit: async () => {
    const last = await fold();
    await post($('account-message'), 'api/account/bookings', { body: { amount: 50, by: 'deposit' }, headers: { 'If-Match': last ?? '0-0' } });
  },
  pay: async () => {
    const answer = await post($('account-message'), 'api/account/payments', { body: { amount: 30 } });
    if (answer && !answer.paid) {
      say($('account-message'), 'Not paid: the balance is too low. Nothing was added.');
    }
  },
  conflict: twoAtOnce,
};

for (const button of document.querySelectorAll('[data-account]')) {
  button.addEventListener('click', ACCOUNT[button.dataset.account]);
}

// ---- sending --------------------------------------------------------------------------------------------------------

/** Sends a request. What it changes arrives through the logs, as in every other tab. */
async function post(message, path, { button, body, headers = {} } = {}) {
  if (button) {
    button.disabled = true;
  }
  if (message.classList.contains('message')) {
    say(message, '');
  }
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: body ? { 'Content-Type': 'application/json', ...headers } : headers,
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    const result = text ? JSON.parse(text) : {};
    if (answer.ok) {
      return result;
    }
    say(message, result.detail ?? result.title ?? 'The server refused.', answer.status >= 500);
  } catch {
    say(message, 'The server cannot be reached.', true);
  } finally {
    if (button) {
      button.disabled = false;
    }
  }
}

/** Shows a message. One about something that is away disappears when that is back. */
function say(element, text, away = false) {
  if (away && element.dataset.while !== 'away') {
    element.dataset.before = element.textContent;
  }
  element.textContent = text;
  element.dataset.while = away ? 'away' : '';
}

// ---- adding a reading -----------------------------------------------------------------------------------------------

// One key for each reading that somebody enters: if a response is lost, sending the reading again adds it only once.
const newKey = () => Date.now() + '-' + Math.random().toString(36).slice(2);
let idempotencyKey = newKey();
$('add').addEventListener('input', () => {
  idempotencyKey = newKey();
  complain('', []);
});

$('add').addEventListener('submit', async event => {
  event.preventDefault();
  const name = $('add-sensor').value.trim();
  const temperature = $('add-temperature').value;
  complain('', []);
  if (!NAME.test(name)) {
    return complain(name ? NAME_RULE : 'Enter the name of a sensor.', ['sensor']);
  }
  if (!temperature) {
    return complain('Enter a temperature.', ['temperature']);
  }
  try {
    const answer = await fetch(`api/sensors/${encodeURIComponent(name)}/readings`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ temperature: Number(temperature) }),
    });
    const body = await answer.json();
    if (!answer.ok) {
      return complain(body.detail ?? body.title ?? 'The server refused.', (body.errors ?? []).map(error => error.field), answer.status >= 500);
    }
    idempotencyKey = newKey();
    // Nothing is drawn here: the reading arrives through the log, as in every other tab.
    say($('add-message'), 'Added as ' + body.id);
    $('add-temperature').value = '';
    location.hash = name;
  } catch {
    complain('The server cannot be reached.', [], true);
  }
});

function complain(problem, fields, away = false) {
  say($('add-message'), problem, away);
  $('add-message').classList.toggle('bad', problem !== '');
  for (const input of $('add').querySelectorAll('input')) {
    input.setAttribute('aria-invalid', fields.includes(input.name));
  }
}

// ---- the code behind each panel -------------------------------------------------------------------------------------

for (const details of document.querySelectorAll('[data-code]')) {
  const files = details.dataset.code.split(' ');
  const summary = Object.assign(document.createElement('summary'), { textContent: 'The code' });
  // Fetched, because a browser would save a file of Markdown.
  const link = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Documentation' });
  link.addEventListener('click', async () => {
    const text = await (await fetch('docs/' + details.dataset.docs)).text();
    link.replaceWith(Object.assign(document.createElement('pre'), { textContent: text, tabIndex: 0, ariaLabel: 'Documentation' }));
  });
  details.append(summary);
  details.addEventListener('toggle', async () => {
    if (details.open && !details.querySelector('pre')) {
      for (const file of files) {
        details.append(Object.assign(document.createElement('h4'), { textContent: file }), await code(file));
      }
      details.append(link);
    }
  });
}

/** The marked lines of a source file, as the build has copied it. */
async function code(file) {
  const text = await (await fetch('code/' + file)).text();
  const lines = text.slice(text.indexOf('// tag::code[]') + '// tag::code[]'.length, text.indexOf('// end::code[]')).split('\n').slice(1, -1);
  const margin = Math.min(...lines.filter(line => line.trim()).map(line => line.search(/\S/)));
  const pre = Object.assign(document.createElement('pre'), { textContent: lines.map(line => line.slice(margin)).join('\n'), tabIndex: 0 });
  pre.ariaLabel = 'Code of ' + file;
  return pre;
}

// ---- beginning and end ----------------------------------------------------------------------------------------------

function named() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || 'seattle';
  } catch {
    return location.hash.slice(1);
  }
}

addEventListener('hashchange', () => named() !== sensor && show(named()));
addEventListener('pagehide', () => {
  close();
  save();
});
addEventListener('pageshow', event => event.persisted && open());

// A browser opens at most six connections to a server over HTTP/1.1, for all tabs together. So a hidden tab gives its connection back,
// and continues after its position when somebody looks at it again.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    close();
    save();
    setState('connecting', 'Paused while hidden');
  } else {
    open();
  }
});

show(named());
drawJob();
drawAnswer();
drawAccount();
hideBreaks();
if (!document.hidden) {
  open();
}
