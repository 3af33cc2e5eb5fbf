// Copyright 2026 The liquid_drone authors
// SPDX-License-Identifier: Apache-2.0
// Shows the newest state and picture, says how old they are, and passes on what is pressed.
//
// A state is made after the server received this page's last confirmation. So it is at most as old
// as that confirmation, less the time that the server waited: an age that needs no common clock
// and that no slow network can make look smaller.
'use strict';

const OLD_MS = 500, HOLD_EVERY_MS = 150, AGAIN_MS = 1000, SILENT_MS = 5000, LINES = 40;
const MARKS = { OK: '✓', WARN: '!', ERROR: '✗', UNKNOWN: '…' };  // beside the colour
const byId = (name) => document.getElementById(name);
const shown = { state: {}, image: null, made: -Infinity, decision: -Infinity, picture: -Infinity };
let socket = null, confirmed = 0, heard = 0, waiting = null, holding = null, isAsked = false;

// ---- the way to the drone

async function open() {
  const limit = new AbortController(), timer = setTimeout(() => limit.abort(), SILENT_MS);
  let answer = null;
  try { answer = await fetch('/session', { cache: 'no-store', signal: limit.signal }); } catch { /* no network */ }
  clearTimeout(timer);
  if (answer && answer.status === 401) { byId('login').hidden = false; return; }
  if (!answer || !answer.ok) { setTimeout(open, AGAIN_MS); return; }
  byId('login').hidden = true;
  confirmed = heard = performance.now();
  socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/socket`);
  socket.binaryType = 'blob';
  socket.onmessage = (message) => {
    heard = performance.now();
    if (typeof message.data === 'string') takeText(JSON.parse(message.data));
    else takePicture(message.data);
  };
  socket.onclose = drop;
}

// Gives a connection up, and asks for another one. A network that changed (another Wi-Fi, a telephone
// that slept) closes none: the browser would wait for minutes on one that nothing comes through.
function drop() {
  socket.onclose = socket.onmessage = null;
  socket.close();
  socket = waiting = null;
  letGo();
  if (isAsked) tell({ done: false, words: 'no answer, the connection was lost: ask again, or take over by the radio' });
  setTimeout(open, AGAIN_MS);
}

function send(message) {
  if (!socket || socket.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

function confirmIt(number) {
  confirmed = performance.now();
  send({ do: 'seen', n: number });
}

function takeText(message) {
  if ('answer' in message) { tell(message); return; }
  shown.made = confirmed + message.waited_ms;
  shown.decision = message.age_ms.decision === null ? -Infinity : shown.made - message.age_ms.decision;
  shown.state = message;
  show();
  watchAge();  // the button follows its reasons at once, not at the next tick
  if (message.has_picture) waiting = message;
  else confirmIt(message.n);
}

async function takePicture(blob) {
  const message = waiting, through = socket;
  waiting = null;
  if (!message) return;
  try {
    const image = await createImageBitmap(blob);
    if (shown.image) shown.image.close();
    shown.image = image;
    shown.picture = shown.made - (message.age_ms.picture || 0);
    DRAWING.picture(byId('picture'), shown.image, shown.state);
  } finally {
    if (socket === through) confirmIt(message.n);
  }
}

// ---- what is shown

function age(since) {
  return performance.now() - since;
}

function isStale() {
  return !socket || age(shown.decision) > OLD_MS;
}

function watchAge() {
  if (socket && age(heard) > SILENT_MS) drop();
  const stale = isStale(), ms = age(shown.decision);
  document.body.classList.toggle('stale', stale);
  const words = !socket ? 'no connection' : ms < 1e8 ? `${(ms / 1000).toFixed(1)} s old` : 'nothing from the drone';
  byId('age').textContent = stale ? words.toUpperCase() : words;
  const blind = shown.image && age(shown.picture) > OLD_MS;
  byId('picture').style.outline = blind ? '6px solid #b00010' : '';
  byId('engage').disabled = stale || !mayEngage(shown.state);
}

function mayEngage(state) {
  return ['standby', 'handed_back'].includes(state.stage) && !(state.obstacles || []).length;
}

function show() {
  const state = shown.state;
  byId('banner').dataset.level = state.level;
  byId('stage').textContent = (state.shadow ? 'SHADOW: ' : '') + state.words;
  byId('next').textContent = state.next;
  list(byId('obstacles'), ['ready', 'standby', 'handed_back', 'disconnected'].includes(state.stage) ? state.obstacles : []);
  table(byId('facts'), facts(state));
  table(byId('checks'), (state.checks || []).map(([subject, level, words, mend]) => [subject, `${MARKS[level]} ${words}${mend ? ` → ${mend}` : ''}`, level]));
  table(byId('nodes'), state.nodes.map(([name, level, words, ms]) => (
    ms !== null && ms < 3000 ? [name, `${level}: ${words}`, level] : [name, `silent; last: ${words}`, 'STALE'])));
  table(byId('delays'), state.delays.map(([name, median, tail]) => [name, `${median} ms, p95 ${tail} ms`]));
  byId('shadow').setAttribute('aria-pressed', String(Boolean(state.shadow)));
  byId('attention').setAttribute('aria-pressed', String(Boolean(state.attention)));
  limits(state);
  requests(state);
  log(state.log);
  if (!state.has_picture) DRAWING.picture(byId('picture'), shown.image, state);
  DRAWING.map(byId('map'), state);
}

function number(value, unit, digits = 1) {
  return typeof value === 'number' ? `${value.toFixed(digits)} ${unit}` : 'unknown';
}

function facts(state) {
  const place = state.place, rows = [];
  rows.push(['mode', `${state.mode || 'unknown'}, ${state.armed ? 'armed' : 'disarmed'}${state.landed ? ', landed' : ''}`]);
  const volts = typeof state.voltage === 'number' ? `, ${state.voltage.toFixed(1)} V` : '';
  const amperes = typeof state.current === 'number' ? `, ${state.current.toFixed(1)} A` : '';
  rows.push(['battery', (typeof state.charge === 'number' ? `${(100 * state.charge).toFixed(0)} %` : 'unknown') + volts + amperes]);
  if (place) {
    const [x, y, z] = place.position, home = place.home || null;
    const away = home ? Math.hypot(x - home[0], y - home[1]) : null;
    const radius = (state.limits || {}).fence_radius_m;
    const v = place.velocity || [];
    rows.push(['height above home', number(home ? z - home[2] : null, 'm')]);
    rows.push(['speed', v.length ? number(Math.hypot(v[0], v[1]), 'm/s') : 'unknown']);
    rows.push(['home', number(away, 'm away')]);
    if (radius && away !== null) rows.push(['fence', number(radius - away, 'm away')]);
  }
  const seen = state.target;
  const degrees = seen && seen.bearing_rad !== null ? -seen.bearing_rad * 180 / Math.PI : null;
  rows.push(['target', degrees === null ? 'not seen' : `${Math.abs(degrees).toFixed(0)}° ${degrees < 0 ? 'left' : 'right'}${state.distance_m ? `, ${state.distance_m.toFixed(1)} m` : ''}`]);
  if (state.belief) {
    const turn = -state.belief.bearing_rad * 180 / Math.PI;
    rows.push(['believed', `${Math.abs(turn).toFixed(0)}° ${turn < 0 ? 'left' : 'right'}, ${state.belief.distance_m.toFixed(1)} m`]);
  }
  const four = (c) => (c ? `${c[0].toFixed(1)} ${c[1].toFixed(1)} ${c[2].toFixed(1)} m/s, ${c[3].toFixed(1)} rad/s` : 'none');
  rows.push(['policy proposes', four(state.proposal)]);
  rows.push(['setpoint sent', state.sent ? four(state.setpoint) : 'none']);
  rows.push(['pages open', String(state.browsers)]);
  return rows;
}

function table(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach(([name, words, level], index) => {
    const row = body.rows[index] || body.insertRow();
    if (!row.cells.length) { row.append(document.createElement('th'), document.createElement('td')); }
    set(row.cells[0], name);
    set(row.cells[1], words);
    row.cells[1].className = level || '';
  });
}

function set(cell, words) {
  if (cell.textContent !== words) cell.textContent = words;
}

function list(parent, sentences) {
  while (parent.children.length > sentences.length) parent.lastChild.remove();
  sentences.forEach((words, index) => {
    if (!parent.children[index]) parent.append(document.createElement('li'));
    set(parent.children[index], words);
  });
}

function log(lines) {
  for (const [, clock, words] of lines) {
    const item = document.createElement('li'), time = document.createElement('time');
    time.textContent = clock;
    item.append(time, words);
    byId('log').prepend(item);
  }
  while (byId('log').children.length > LINES) byId('log').lastChild.remove();
}

const LIMITS = {
  speed_m_s: ['speed', 'm/s', 'at most'],
  ceiling_m: ['height', 'm', 'at most'],
  floor_m: ['height', 'm', 'at least'],
  min_distance_m: ['distance to the target', 'm', 'at least'],
};

function limits(state) {
  const parent = byId('limit-rows');
  for (const [name, [title, unit, sense]] of Object.entries(LIMITS)) {
    const value = (state.limits || {})[name];
    let row = byId(`limit-${name}`);
    if (!row) { row = limitRow(name, title); parent.append(row); }
    const known = typeof value === 'number' ? `${sense} ${value.toFixed(1)} ${unit}` : value === null ? 'off' : 'unknown';
    set(row.children[0], `${title}: ${known}`);
  }
}

const REQUESTS = {
  distance_m: ['distance', 'm'],
  height_m: ['height above the target', 'm'],
  speed_m_s: ['largest speed', 'm/s'],
};

function requests(state) {
  byId('requests').hidden = !state.requested;
  for (const [name, [title, unit]] of Object.entries(state.requested ? REQUESTS : {})) {
    let row = byId(`request-${name}`);
    if (!row) { row = requestRow(name, title); byId('request-rows').append(row); }
    set(row.children[0], `${title}: ${state.requested[name].toFixed(1)} ${unit}`);
  }
}

function limitRow(name, title) {
  return numberRow(`limit-${name}`, `new limit: ${title}`, 'tighten', (value) => ask({ do: 'tighten', limit: name, value }));
}

function requestRow(name, title) {
  return numberRow(`request-${name}`, `ask for: ${title}`, 'ask', (value) => ask({ do: 'request', name, value }));
}

function numberRow(id, label, word, take) {
  const row = document.createElement('div'), input = document.createElement('input');
  const button = document.createElement('button');
  row.id = id;
  row.className = 'limit';
  input.inputMode = 'decimal';
  input.setAttribute('aria-label', label);
  button.textContent = word;
  button.type = 'button';
  button.onclick = () => {
    const value = Number(input.value.replace(',', '.'));
    if (input.value.trim() && Number.isFinite(value)) take(value);
    input.value = '';
  };
  row.append(document.createElement('span'), input, button);
  return row;
}

// ---- what is asked for

function tell(message) {
  isAsked = false;
  byId('answer').textContent = message.words;
  byId('answer').className = message.done ? '' : 'no';
}

function ask(message) {
  const isSent = send(message);
  tell({ done: isSent, words: isSent ? 'asked: no answer yet' : 'no connection: nothing was asked' });
  isAsked = isSent;
}

function press() {
  if (byId('engage').disabled || holding) return;
  send({ do: 'press' });
  byId('engage').classList.add('held');
  holding = setInterval(() => send({ do: 'hold' }), HOLD_EVERY_MS);
}

function letGo() {
  if (!holding) return;
  clearInterval(holding);
  holding = null;
  byId('engage').classList.remove('held');
  send({ do: 'release' });
}

function begin() {
  const engage = byId('engage');
  engage.addEventListener('pointerdown', (event) => { if (event.button === 0) press(); });
  engage.addEventListener('keydown', (event) => { if ([' ', 'Enter'].includes(event.key) && !event.repeat) press(); });
  for (const name of ['pointerup', 'pointercancel', 'pointerleave', 'keyup', 'blur']) engage.addEventListener(name, letGo);
  engage.addEventListener('contextmenu', (event) => event.preventDefault());
  addEventListener('blur', letGo);
  document.addEventListener('visibilitychange', letGo);
  byId('hand_back').onclick = () => ask({ do: 'hand_back' });
  byId('record').onclick = () => ask({ do: 'record' });
  byId('shadow').onclick = () => ask({ do: 'shadow', on: !shown.state.shadow });
  byId('attention').onclick = () => ask({ do: 'attention', on: !shown.state.attention });
  byId('login').onsubmit = async (event) => {
    event.preventDefault();
    let answer = null;
    try {
      answer = await fetch('/login', { method: 'POST', body: byId('token').value });
    } catch {
      byId('login-words').textContent = 'no connection';
      return;
    }
    byId('token').value = '';
    byId('login-words').textContent = answer.ok ? '' : await answer.text();
    if (answer.ok) open();
  };
  setInterval(watchAge, 100);
  DRAWING.picture(byId('picture'), null, {});
  DRAWING.map(byId('map'), {});
  open();
}

begin();
