# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""``liquid-drone fly --page``: the flight waits for a page, is seen there, and flies the same."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from page_client import Page, client

for name in ('pybullet', 'onnxruntime'):
    pytest.importorskip(name)


def test_a_flight_is_seen_on_the_page_and_is_the_same_flight(tmp_path: Path) -> None:
    line = [sys.executable, '-m', 'liquid_drone.cli.main', 'fly', '--seed', '10007', '--no-land']
    line += ['--duration', '3', '--start', 'hover', '--no-video', '--no-ros', '--out']
    subprocess.run([*line, str(tmp_path / 'alone')], capture_output=True, check=False)
    flight = subprocess.Popen(
        [*line, str(tmp_path / 'page'), '--page', '--page-port', '0'],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, 'PYTHONUNBUFFERED': '1'},
    )
    assert flight.stdout is not None
    address = flight.stdout.readline().split(': ')[0]

    async def look() -> Page:
        headers = {'Origin': address.rstrip('/')}
        async with (
            client() as session,
            session.ws_connect(f'{address}socket', headers=headers) as socket,
        ):
            page = Page(socket)
            assert await page.read(lambda: page.stage() == 'engaged', 60.0)
            await page.read(lambda: socket.closed, 60.0)
            return page

    try:
        page = asyncio.run(look())
        flight.stdout.read()
    finally:
        flight.stdout.close()
        flight.terminate()
        flight.wait(60.0)
    assert len(page.pictures) > 5
    assert page.states[-1]['follow_mode'] == 'OFFBOARD'
    hashes = [
        json.loads((tmp_path / name / 'result.json').read_text())['trajectory_hash']
        for name in ('alone', 'page')
    ]
    assert hashes[0] == hashes[1]
