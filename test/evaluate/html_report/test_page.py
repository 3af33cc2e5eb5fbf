# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""A report says where it fails, needs nothing else, and tells the same as its data."""

import csv
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liquid_drone import resources
from liquid_drone.contract import load_contract
from liquid_drone.errors import ConfigError
from liquid_drone.evaluate.flights_file import FLIGHTS
from liquid_drone.evaluate.html_report.answer import answer
from liquid_drone.evaluate.html_report.charts import Axis, interval_bar, lines, round_ticks
from liquid_drone.evaluate.html_report.contents import gather
from liquid_drone.evaluate.html_report.markup import interval
from liquid_drone.evaluate.html_report.media import MediaBudget, begin_of
from liquid_drone.evaluate.html_report.names import in_words
from liquid_drone.evaluate.html_report.page import html, write_report
from liquid_drone.evaluate.html_report.seasons_section import seasons_against
from liquid_drone.evaluate.scoring import wilson
from liquid_drone.evaluate.statistics.paired import difference_of_shares

DRAWN = settings(
    deadline=None, max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # seasons are written anew
)  # fmt: skip
VOID = {'meta', 'link', 'img'}


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
    top = page[: page.index('<nav>')]
    assert '<b>2 of 4</b> flights succeed' in top
    assert 'Too few flights to tell' in top
    assert 'forest, autumn 1 of 2' in top
    assert 'of 2 failed flights, ' in top
    assert 'collision in 2 (100%)' in top
    assert 'in the same places, no loss is shown in any' in top
    failed = [one for one in gather(results).flights if not one.flown.score.success]
    for one in failed:
        assert f'<code>{one.id}</code>' in page or f'#f{one.id}' in page
    assert page.count('class="card" id="f') == 1
    assert page.count('class="drone"') == 1


def season_of(results, name, outcomes):
    """Give a season these successes, one a seed."""
    path = results / name / FLIGHTS
    path.parent.mkdir(exist_ok=True)
    row = json.loads((results / 'summer' / FLIGHTS).read_text().splitlines()[0])
    rows = [
        {**row, 'season': name, 'score': {**row['score'], 'seed': seed, 'success': good}}
        for seed, good in enumerate(outcomes)
    ]
    path.write_text(''.join(json.dumps({**one, 'id': 'x'}) + '\n' for one in rows))


@given(
    summer=st.lists(st.booleans(), min_size=1, max_size=30),
    autumn=st.lists(st.booleans(), min_size=1, max_size=30),
)
@DRAWN
def test_the_answer_says_no_more_than_the_intervals(results, summer, autumn):
    season_of(results, 'summer', summer)
    season_of(results, 'autumn', autumn)
    contents = gather(results)
    top = answer(contents)
    for name, outcomes in (('summer', summer), ('autumn', autumn)):
        rate = wilson(sum(outcomes), len(outcomes))
        words = f'forest, {name} {rate.count} of {rate.total} '
        for head, is_so in (('It fails', rate.high < 0.5), ('It holds', rate.low > 0.5)):
            line = re.search(f'<li><b class="(?:failed|good)">{head}</b>(.*?)</li>', top)
            assert (line is not None and words in line[1]) == is_so
    (found,) = seasons_against(contents)
    both = list(zip(autumn, summer, strict=False))
    assert found.found.only_theirs == sum(b and not a for a, b in both)
    is_worse = found.p_holm < 0.05 and found.found.difference.value < 0.0
    assert ('loses flights beyond chance in forest, autumn' in top) == is_worse


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_interval_of_paired_shares_holds_the_difference_and_has_a_width(up, down, same):
    pairs = up + down + same
    if pairs:
        found = difference_of_shares(up, down, pairs)
        assert found.value == (up - down) / pairs
        assert -1.0 <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= 1.0
        assert found.high - found.low > 0.0


def test_rows_are_called_by_names_that_a_person_knows(results):
    assert {place[0] for place in gather(results).places} == {'results'}  # their folder's
    shipped = load_contract(resources.bundle('follow')).bundle_hash()
    swap_hash(results / 'summer', shipped)
    assert {place[0] for place in gather(results).places} == {'follow', 'results'}
    trial = {'format_version': 1, 'bundle': '/elsewhere/mine/bundle'}
    (results / 'autumn' / 'trial.json').write_text(json.dumps(trial))
    assert {place[0] for place in gather(results).places} == {'follow', 'mine'}
    (results / 'autumn' / 'trial.json').write_text(json.dumps({'bundle': '/elsewhere/follow'}))
    names = {place[0] for place in gather(results).places}
    assert names == {f'follow ({shipped[:6]})', 'follow (012345)'}


def swap_hash(folder, name):
    """Say that another bundle flew these."""
    path = folder / FLIGHTS
    path.write_text(path.read_text().replace('0123456789ab', name))


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('summer-with-autumn-foliage_colour', 'summer with autumn: colour of leaves'),
        ('early-spring-with-winter-snow', 'early-spring with winter: snow'),
        ('wired_cfc', 'wired cfc'),
        ('with', 'with'),
        ('fog:2,noise:1', 'fog:2, noise:1'),
    ],
)
def test_names_of_files_are_told_as_words(name, words):
    assert in_words(name) == words


@given(st.floats(1e-3, 1e6))
def test_ticks_are_few_round_numbers_within_the_axis(high):
    ticks = round_ticks(high)
    assert ticks[0] == 0.0
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] <= high * (1.0 + 1e-6)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_an_interval_keeps_the_digits_that_tell_its_ends_apart(value, down, up):
    text = interval({'value': value, 'low': value - down, 'high': value + up})
    told, low, high = (float(word) for word in re.findall(r'-?\d+\.\d+', text))
    assert low <= told <= high
    assert abs(told - value) <= 0.006
    assert '-0.00 ' not in text
    if down + up > 1e-4:
        assert abs((high - low) - (down + up)) <= 0.2 * (down + up)


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
        'flights': 2, 'arms': {'cfc': arm}, 'comparisons': {'gru': {**against, 'p_holm': 0.02}},
    }  # fmt: skip
    (results / 'study.json').write_text(json.dumps(study))
    page = html(gather(results))
    parsed(page)
    assert page.index('id="study"') < page.index('id="where"')
    assert '0.50 (0.20 to 0.80)' in page
    assert 'nothing is concluded' in page
    assert '<h3>cfc, forest</h3>' in page
    (results / 'study.json').write_text(json.dumps({**study, 'is_whole': True}))
    page = html(gather(results))
    assert '<b>cfc is better than gru</b>' in page
    assert 'p 0.02 after Holm' in page


def test_names_are_text_and_never_markup(hostile):
    page = html(gather(hostile))
    parsed(page)
    assert '<script' not in page
    assert '&lt;script&gt;alert(1)' in page


@DRAWN
@given(missing=st.sets(st.sampled_from(['bundle_hash', 'world', 'season']), min_size=1))
def test_flights_that_do_not_tell_who_flew_and_where_are_refused(results, missing):
    row = json.loads((results / 'summer' / FLIGHTS).read_text().splitlines()[0])
    kept = {name: value for name, value in row.items() if name not in missing}
    (results / 'autumn' / FLIGHTS).write_text(json.dumps(kept) + '\n')
    with pytest.raises(ConfigError, match=r'that tell bundle_hash, world, season') as refused:
        gather(results)
    assert all(name in str(refused.value).rpartition(';')[2] for name in missing)


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
