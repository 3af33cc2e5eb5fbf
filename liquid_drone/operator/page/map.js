// Copyright 2026 The liquid_drone authors
// SPDX-License-Identifier: Apache-2.0
// What is drawn: the map from above, and the marks over the picture. It sends nothing.
'use strict';

const DRAWING = (() => {
  const FONT = '600 15px system-ui, "DejaVu Sans", sans-serif';
  const trail = [];

  function remember(place) {
    const last = trail[trail.length - 1], [x, y] = place.position;
    if (!last || Math.hypot(x - last[0], y - last[1]) > 0.25) trail.push([x, y]);
    if (trail.length > 3000) trail.splice(0, 1000);
  }

  function reach(state, home) {
    let most = 8;
    const far = (x, y) => { most = Math.max(most, Math.hypot(x - home[0], y - home[1])); };
    for (const [x, y] of trail) far(x, y);
    if (state.place) far(...state.place.position);
    const radius = state.limits && state.limits.fence_radius_m;
    return Math.min(most * 1.25, Math.max(radius ? radius * 1.08 : most * 1.25, most));
  }

  function label(pen, words, x, y) {
    pen.font = FONT;
    pen.lineWidth = 3;
    pen.strokeStyle = '#fff';
    pen.strokeText(words, x, y);
    pen.fillStyle = '#000';
    pen.fillText(words, x, y);
  }

  function grid(pen, size, scale, middle) {
    const step = [1, 2, 5, 10, 20, 50, 100, 200].find((s) => s * scale > 45) || 500;
    pen.strokeStyle = '#cfcfcf';
    pen.lineWidth = 1;
    for (let at = middle % (step * scale); at < size; at += step * scale) {
      pen.beginPath();
      pen.moveTo(at, 0); pen.lineTo(at, size);
      pen.moveTo(0, at); pen.lineTo(size, at);
      pen.stroke();
    }
    label(pen, `${step} m a square, north is up`, 8, size - 10);
  }

  function fence(pen, state, at, scale, home) {
    const limits = state.limits || {};
    pen.strokeStyle = '#b00010';
    pen.lineWidth = 3;
    if (limits.fence_radius_m) {
      pen.beginPath();
      pen.arc(...at(home), limits.fence_radius_m * scale, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (state.fence_polygon && state.fence_polygon.length) {
      pen.beginPath();
      for (const [x, y] of state.fence_polygon) pen.lineTo(...at([x + home[0], y + home[1]]));
      pen.closePath();
      pen.stroke();
    }
  }

  function drone(pen, place, at) {
    const [x, y] = at(place.position);
    pen.save();
    pen.translate(x, y);
    pen.rotate(-place.yaw);
    pen.fillStyle = '#0050c8';
    pen.beginPath();
    pen.moveTo(16, 0); pen.lineTo(-11, 9); pen.lineTo(-6, 0); pen.lineTo(-11, -9);
    pen.fill();
    pen.restore();
  }

  function target(pen, state, at) {
    const seen = state.target, place = state.place;
    if (!seen || seen.bearing_rad === null) return;
    const angle = place.yaw + seen.bearing_rad, known = state.distance_m;
    const length = known || 6, [x, y] = place.position;
    const end = at([x + length * Math.cos(angle), y + length * Math.sin(angle)]);
    pen.setLineDash(known ? [] : [6, 6]);
    pen.strokeStyle = '#0a6b1d';
    pen.lineWidth = 3;
    pen.beginPath();
    pen.moveTo(...at(place.position)); pen.lineTo(...end);
    pen.stroke();
    pen.setLineDash([]);
    if (known) { pen.strokeRect(end[0] - 8, end[1] - 8, 16, 16); label(pen, `${known.toFixed(1)} m`, end[0] + 12, end[1]); }
  }

  // Where the policy believes the target to be, seen or not: level with the drone.
  function believed(pen, state, at) {
    const belief = state.belief, place = state.place;
    if (!belief) return;
    const angle = place.yaw + belief.bearing_rad, [x, y] = place.position;
    const end = at([x + belief.distance_m * Math.cos(angle), y + belief.distance_m * Math.sin(angle)]);
    pen.strokeStyle = '#007a8c';
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(...end, 10, 0, 2 * Math.PI);
    pen.stroke();
    label(pen, 'believed', end[0] + 14, end[1] - 8);
  }

  function believedAhead(pen, state, width, height) {
    const belief = state.belief;
    if (!belief || !state.fov_deg) return;
    const half = Math.tan(state.fov_deg * Math.PI / 360), isAhead = Math.abs(belief.bearing_rad) < 1.5;
    const share = isAhead ? Math.tan(belief.bearing_rad) / half : 9 * Math.sign(belief.bearing_rad);
    const x = width / 2 * (1 - Math.max(-1, Math.min(1, share))), y = height / 2;
    const side = share > 1 ? 1 : share < -1 ? -1 : 0;  // out of the picture: an arrow at its edge
    for (const [colour, line] of [['#000', 6], ['#5adce6', 3]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = line;
      pen.beginPath();
      if (side) { pen.moveTo(x + 28 * side, y - 18); pen.lineTo(x + 6 * side, y); pen.lineTo(x + 28 * side, y + 18); }
      else pen.arc(x, y, 16, 0, 2 * Math.PI);
      pen.stroke();
    }
    const words = `believed, ${belief.distance_m.toFixed(1)} m`;
    pen.font = FONT;
    const most = width - pen.measureText(words).width - 8;
    label(pen, words, Math.max(8, Math.min(most, x + 22 * (side || 1))), y + 38);
  }

  function map(canvas, state) {
    const pen = canvas.getContext('2d'), size = canvas.width;
    pen.clearRect(0, 0, size, size);
    if (!state.place) { label(pen, 'no position yet', 20, 40); return; }
    remember(state.place);
    const home = state.place.home || [0, 0, 0];
    const scale = size / 2 / reach(state, home);
    const at = ([x, y]) => [size / 2 + (x - home[0]) * scale, size / 2 - (y - home[1]) * scale];
    grid(pen, size, scale, size / 2);
    fence(pen, state, at, scale, home);
    pen.strokeStyle = '#0050c8';
    pen.lineWidth = 2;
    pen.beginPath();
    for (const one of trail) pen.lineTo(...at(one));
    pen.stroke();
    if (state.place.home) {
      const [x, y] = at(home);
      pen.fillStyle = '#000';
      pen.fillRect(x - 5, y - 5, 10, 10);
      label(pen, 'home', x + 9, y + 5);
    }
    target(pen, state, at);
    believed(pen, state, at);
    drone(pen, state.place, at);
  }

  function arrow(pen, command, colour, width, height) {
    const scale = height / 5.5, x = width / 2, y = height - 12;
    const tip = [x - scale * command[1], y - scale * command[0]];
    const angle = Math.atan2(tip[1] - y, tip[0] - x);
    const head = Math.min(14, 0.5 * Math.hypot(tip[0] - x, tip[1] - y));
    pen.strokeStyle = colour;
    pen.lineWidth = 5;
    pen.beginPath();
    pen.moveTo(x, y); pen.lineTo(...tip);
    for (const side of [-0.5, 0.5]) {
      pen.moveTo(...tip);
      pen.lineTo(tip[0] - head * Math.cos(angle + side), tip[1] - head * Math.sin(angle + side));
    }
    pen.stroke();
    pen.beginPath();
    pen.arc(x, y, 34, -Math.PI / 2, -Math.PI / 2 - command[3], command[3] > 0);
    pen.stroke();
  }

  function picture(canvas, image, state) {
    const pen = canvas.getContext('2d');
    if (image) {
      const wide = Math.max(512, image.width), high = Math.round(wide * image.height / image.width);
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide;
        canvas.height = high;
      }
      pen.drawImage(image, 0, 0, wide, high);
    } else {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      label(pen, 'no picture yet', 20, 40);
    }
    const { width, height } = canvas, seen = state.target;
    if (seen && seen.bearing !== null && seen.elevation !== null) {
      const x = (seen.bearing + 1) / 2 * width, y = (1 - seen.elevation) / 2 * height;
      for (const [colour, line] of [['#000', 6], ['#3df05a', 3]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = line;
        pen.strokeRect(x - 20, y - 20, 40, 40);
      }
    }
    believedAhead(pen, state, width, height);
    if (state.proposal) arrow(pen, state.proposal, '#ffd23c', width, height);
    if (state.setpoint && state.sent) arrow(pen, state.setpoint, '#3df05a', width, height);
    if (typeof state.probability === 'number') {
      const share = Math.max(0, Math.min(1, state.probability));
      pen.fillStyle = '#000a';
      pen.fillRect(8, 8, 160, 18);
      pen.fillStyle = share >= 0.5 ? '#3df05a' : '#ff6a5c';
      pen.fillRect(8, 8, 160 * share, 18);
      label(pen, `target ${(100 * share).toFixed(0)} %`, 14, 22);
    }
  }

  return { map, picture };
})();
