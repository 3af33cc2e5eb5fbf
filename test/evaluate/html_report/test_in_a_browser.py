# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A report in a real browser: every width, light and dark, with all that may be long or many."""

import asyncio
import json

from support.headless import Headless, browser_or_skip

from liquid_drone.evaluate.flights_file import FLIGHTS
from liquid_drone.evaluate.html_report.contents import gather
from liquid_drone.evaluate.html_report.page import write_report

WIDTHS = (320, 360, 390, 480, 600, 640, 720, 840, 959, 961, 1024, 1152, 1280)
PARTS = ('foliage_colour', 'foliage_density', 'ground', 'sun', 'snow')
OPEN_ALL = 'document.querySelectorAll("details").forEach(one => one.open = true)'
# What sticks out of the page, or of its chart: tag, class, text.
OUTSIDE = """(() => {
  const wide = document.documentElement.clientWidth, found = [];
  const tell = (one) => found.push(
    `${one.tagName} ${one.getAttribute('class')} ${one.textContent.slice(0, 40)}`);
  for (const one of document.querySelectorAll('body *')) {
    const box = one.getBoundingClientRect();
    if (one.closest('svg') && one.tagName !== 'svg') {
      if (one.tagName !== 'text') continue;
      const chart = one.closest('svg').getBoundingClientRect();
      if (box.left < chart.left - 1 || box.right > chart.right + 1
          || box.bottom > chart.bottom + 1 || box.top < chart.top - 1) tell(one);
    } else if (box.width && (box.left < -1 || box.right > wide + 1)) tell(one);
    else if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'
             && one.clientWidth) tell(one);
  }
  return found;
})()"""
NAMES = """[...document.querySelectorAll(
  'tbody th, .heats-of h3, .heat .name, .card h3, summary, .legend li, figcaption')]
  .map(one => one.textContent.trim())"""


def make_wide(results):
    """Add what makes a page wide: many seasons with long names, long weathers, a study's arms."""
    line = json.loads((results / 'summer' / FLIGHTS).read_text().splitlines()[1])
    changes = [
        {'season': f'summer-with-{other}-{part}'}
        for other in ('autumn', 'winter')
        for part in PARTS
    ]
    changes += [{'weather': 'dropped:5,late:5,low_light:3,motion_blur:2,rolling_shutter:4'}]
    changes += [{'world': 'a_world_of_somebodys_own_with_a_long_name', 'task': 'occlusion-4'}]
    changes += [
        {'task': f'{name}-{level}', 'bundle_hash': f'{pilot}' * 12}
        for name in ('brisk', 'mine_of_my_own')
        for level in (1.2, 3)
        for pilot in range(9)
    ]
    for number, change in enumerate(changes):
        folder = results / f'place-{number}'
        folder.mkdir()
        (folder / FLIGHTS).write_text(
            json.dumps({**line, **change, 'id': f'{number:012d}'}) + '\n'
        )
    estimate = {'value': 0.5, 'low': 0.2, 'high': 0.8}
    places = ['forest-summer', 'forest-summer-dropped5-late5-lowlight3']
    arms = {f'a_long_name_of_arm_{n}': {
        'trainings': 2, 'of': 2, 'scores': [[0.5, 0.0], [1.0, 0.3]],
        'by_place': {place: {'iqm': estimate} for place in places},
    } for n in range(4)}  # fmt: skip
    against = {'difference': estimate, 'improvement': estimate, 'cliffs_delta': 0.3, 'p': 0.01}
    study = {
        'name': 'wide', 'measure': 'reward', 'places': places, 'primary': places[1], 'flights': 2,
        'baseline': places[0], 'reference': next(iter(arms)), 'is_whole': True, 'bundles': {},
        'arms': arms, 'comparisons': {arm: {**against, 'p_holm': 0.2} for arm in list(arms)[1:]},
        'variance_shares': {'cell': 0.2, 'encoder': 0.8},
    }  # fmt: skip
    return study


async def looked_at(program, page, profile):
    """Return what sticks out at any width, the names on the page, and the console's errors."""
    found, names = {}, []
    async with Headless(program, profile) as tab:
        for scheme in ('light', 'dark'):
            feature = {'name': 'prefers-color-scheme', 'value': scheme}
            await tab.call('Emulation.setEmulatedMedia', features=[feature])
            await tab.size(1280, 800, False)
            await tab.open(page.as_uri())
            await tab.value(OPEN_ALL)
            names = await tab.value(NAMES)
            for width in WIDTHS:
                await tab.size(width, 800, False)
                found[scheme, width] = await tab.value(OUTSIDE)
        return found, names, tab.errors


def test_nothing_sticks_out_at_any_width_and_every_row_has_a_name(results, tmp_path):
    program = browser_or_skip()
    study = make_wide(results)
    for number, document in enumerate((None, study)):
        if document is not None:
            (results / 'study.json').write_text(json.dumps(document))
        page, *_ = write_report(gather(results), tmp_path / f'out-{number}')
        found, names, errors = asyncio.run(looked_at(program, page, tmp_path / f'tab-{number}'))
        assert errors == []
        assert {at: outside for at, outside in found.items() if outside} == {}
        assert len(names) > 30
        assert all(names)
        assert [name for name in names if '0123456789ab' in name or '_' in name] == []
