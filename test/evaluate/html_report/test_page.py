# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A report says where it fails, needs nothing else, and tells the same as its data."""

import csv
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.html_report.charts import Axis, interval_bar, lines
from liquid_drone.evaluate.html_report.contents import gather
from liquid_drone.evaluate.html_report.media import MediaBudget, begin_of
from liquid_drone.evaluate.html_report.page import html, write_report
from liquid_drone.evaluate.scoring import wilson

VOID = {'meta', 'link', 'img'}
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
WRAP = """<!doctype html><link rel="icon" href="data:,"><body style="margin:0"><iframe
src="report.html" style="width:390px;height:844px;border:0"></iframe><script>
onload=()=>{const d=document.querySelector('iframe').contentDocument;
document.title='wide '+d.documentElement.scrollWidth+' h2 '+d.querySelectorAll('h2').length}
</script>"""


class Nesting(HTMLParser):
    """Fails where a tag is closed that is not open; gathers what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.loaded, self.ids, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.loaded += [found[name] for name in ('src', 'poster', 'data') if name in found]
        self.loaded += [found['href']] if tag == 'link' else []
        self.links += [found['href']] if tag == 'a' else []
        self.ids += [found['id']] if 'id' in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page):
    found = Nesting()
    found.feed(page)
    assert found.open == []
    return found


def test_the_page_needs_nothing_else_and_its_links_lead_somewhere(results):
    page = html(gather(results))
    found = parsed(page)
    assert found.loaded
    assert all(address.startswith('data:') for address in found.loaded)
    assert '@import' not in page
    assert 'url(' not in page
    assert {link.removeprefix('#') for link in found.links} <= set(found.ids)


def test_it_says_where_it_fails_and_how(results):
    page = html(gather(results))
    lead = re.search(r'<p class="lead">(.*?)</p>', page)[1]
    assert '<b>2 of 4</b>' in lead
    assert 'forest, autumn' not in lead or '1 of 2' in lead
    assert 'collision (2)' in lead
    failed = [one for one in gather(results).flights if not one.flown.score.success]
    for one in failed:
        assert f'<code>{one.id}</code>' in page or f'#f{one.id}' in page
    assert page.count('class="card" id="f') == 1
    assert page.count('class="drone"') == 1


def test_csv_and_json_hold_every_flight_and_the_same_counts(results, tmp_path):
    contents = gather(results)
    _, table, data = write_report(contents, tmp_path / 'out')
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row['id'] for row in rows] == [one.id for one in contents.flights]
    places = json.loads(data.read_text())['places']
    for place in places:
        mine = [row for row in rows if row['season'] == place['season']]
        good = sum(row['success'] == 'True' for row in mine)
        assert (good, len(mine)) == (place['success']['count'], place['success']['total'])


def test_a_study_stands_first_with_its_arms_by_name(results):
    estimate = {'value': 0.5, 'low': 0.2, 'high': 0.8}
    arm = {'trainings': 1, 'of': 2, 'scores': [[0.5]], 'by_place': {'here': {'iqm': estimate}}}
    against = {'difference': estimate, 'improvement': estimate, 'cliffs_delta': 0.3, 'p': 0.01}
    study = {
        'name': 'cells', 'measure': 'success', 'places': ['here'], 'primary': 'here',
        'reference': 'cfc', 'is_whole': False, 'bundles': {'0123456789ab': 'cfc-7'},
        'arms': {'cfc': arm}, 'comparisons': {'gru': {**against, 'p_holm': 0.02}},
    }  # fmt: skip
    (results / 'study.json').write_text(json.dumps(study))
    page = html(gather(results))
    parsed(page)
    assert page.index('id="study"') < page.index('id="where"')
    assert '0.50 (0.20 to 0.80)' in page
    assert 'nothing is concluded' in page
    assert '<b>cfc, forest</b>' in page
    assert 'bundle 0123456789ab' not in page


def test_names_are_text_and_never_markup(hostile):
    page = html(gather(hostile))
    parsed(page)
    assert '<script' not in page
    assert '&lt;script&gt;alert(1)' in page


def test_a_directory_without_flights_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='no flights below'):
        gather(tmp_path)


@given(
    points=st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=9),
    ends=st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
    name=st.text(max_size=9),
)
def test_a_line_stays_within_its_chart(points, ends, name):
    axis = Axis('x', min(ends), max(ends), ends)
    chart = lines({name: points}, axis, axis, name)
    parsed(chart)
    for x, y in re.findall(r'(-?[\d.]+),(-?[\d.]+)', re.search('points="(.*?)"', chart)[1]):
        assert 0.0 <= float(x) <= 560.0
        assert 0.0 <= float(y) <= 260.0


@given(st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_dot_lies_in_its_interval(counts):
    text = interval_bar(wilson(*counts))
    left, wide, dot = (float(x) for x in re.findall(r'(?:left|width):([\d.]+)%', text))
    if counts[1]:
        assert left - 0.1 <= dot <= left + wide + 0.1
    assert left + wide <= 100.1


@given(st.lists(st.integers(0, 400), max_size=30), st.integers(0, 2000))
def test_media_never_exceed_their_bytes(sizes, most):
    media = MediaBudget(most)
    taken = [size for size in sizes if media.address(b'x' * size, 'image/png') is not None]
    assert sum(taken) <= most
    assert len(taken) + media.left_out == len(sizes)


def test_a_short_film_shows_what_went_wrong():
    assert begin_of(None) == begin_of(2.0) == 0.0
    assert begin_of(30.0) == 21.0


def test_a_browser_shows_it_on_a_telephone_without_an_error(results, tmp_path):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f'no browser: expected one of {", ".join(BROWSERS)}')
    (page, *_) = write_report(gather(results), tmp_path / 'out')
    (page.parent / 'wrap.html').write_text(WRAP)
    line = [program, '--headless=new', '--no-sandbox', '--disable-gpu', '--dump-dom']
    line += ['--enable-logging=stderr', '--allow-file-access-from-files', '--no-first-run']
    line += [f'--user-data-dir={tmp_path / "profile"}', '--virtual-time-budget=10000']
    done = subprocess.run(
        [*line, (page.parent / 'wrap.html').as_uri()], capture_output=True, text=True, check=True
    )
    assert [row for row in done.stderr.splitlines() if 'CONSOLE' in row] == []
    wide, sections = re.search(r'<title>wide (\d+) h2 (\d+)</title>', done.stdout).groups()
    assert int(wide) <= 390
    assert int(sections) >= 5
