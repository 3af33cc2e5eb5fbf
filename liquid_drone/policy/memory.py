# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Where the target is while nobody sees it: a Kalman filter inside of the core's graph.

Training flights taught 19 liquid neurons to follow and not to remember (``docs/memory.md``), so
place and velocity of the target are carried beside them, and are inputs of theirs. What the filter
takes for a measurement, and how sure of it it is, a small layer learns from the features, through
the filter (Haarnoja et al. 2016, "Backprop KF"), or a sight tells it (:mod:`.sighting`). Either is
told where the target is expected, so that
of two who look alike it can take the one who is there. How the drone itself moved is not measured
but known from its own commands, an efference copy (von Holst and Mittelstaedt 1950), which the
vehicle follows with a lag. A measurement far from what was expected counts less (a Student t
instead of a normal distribution), so that somebody else in the picture does not become the target
at once.

Shapes: B batch, T ticks, F features. Places and velocities are horizontal, body FLU,
heading-aligned, in m and m/s. Each axis has a filter of its own, of place and velocity.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .cells.base import linear

REFERENCE_M = 4.0  # where the target is thought to be before it was ever seen, straight ahead
FAR_M = 6.0  # standard deviation of that, and the largest of a place
FAST_M_S = 1.0  # standard deviation of a velocity of which nothing is known
HIDDEN = 32  # of the layer that measures
EXPECTED = 4  # of its inputs: bearing as cosine and sine, log distance, doubt
MEASURED = 5  # logit that it is seen, bearing, log distance, log spreads along and across
LEAST_M2 = 1e-4
MOTION = (0, 1, 3)  # of a command: vx, vy, yaw rate
SCALES = (2.0, 2.0, 1.2)  # of motion, for the inputs of the cell
MOST_LOG_RANGE, MOST_LOG_SPREAD = 1.6, 2.0

INPUTS = 9  # of the cell: bearing as cosine and sine, distance, velocity, own motion, spread
FILTER_STATE = 13  # own motion 3, place 2, velocity 2, knowledge of each axis 3 + 3
STATE = FILTER_STATE + len(MOTION)  # and the command that flies until the next tick


class Remembered(NamedTuple):
    """What the memory makes of some ticks."""

    inputs: Tensor  # (B, T, INPUTS)
    belief: Tensor  # (B, T, 3): logit, bearing, log(m / 4 m)
    state: Tensor  # (B, FILTER_STATE), and that of the surroundings behind it, if there are any
    moved: Tensor  # (B, T, 3): the own motion, vx, vy in m/s and yaw rate in rad/s
    measured: Tensor  # (B, T, MEASURED): what was taken for a measurement


class _Axes(NamedTuple):
    """The filter of both axes, which are the last dimension."""

    mean: Tensor  # (B, 2, 2): place, velocity
    covariance: Tensor  # (B, 3, 2): of the place, of both, of the velocity


class _Tick(NamedTuple):
    """What a tick leaves."""

    own: Tensor  # (B, 3)
    axes: _Axes
    taken: Tensor  # (B, MEASURED)


class Measure(nn.Module):
    """Takes a measurement from features and from where the target is expected."""

    def hear(self, features: Tensor) -> Tensor:
        """Return what the features (B, T, F) bring, for all ticks at once (B, T, H)."""
        raise NotImplementedError

    def take(self, heard: Tensor, expected: Tensor) -> Tensor:
        """Return what is measured (B, MEASURED) of one tick (B, H), expected so (B, EXPECTED)."""
        raise NotImplementedError

    def expect_nothing(self) -> Tensor:
        """Give what is expected no weight; return the parameter that is this weight."""
        raise NotImplementedError


class Measurement(Measure):
    """A hidden layer and its readout; what is expected is added where the features are."""

    def __init__(self, features: int, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.features = linear(features, HIDDEN, generator)
        self.readout = linear(HIDDEN, MEASURED, generator)
        self.expected = nn.Linear(EXPECTED, HIDDEN, bias=False)
        with torch.no_grad():
            self.expected.weight.zero_()
            self.readout.weight.mul_(0.1)
            self.readout.bias.copy_(torch.tensor([1.0, 0.0, 0.0, math.log(0.2), math.log(0.1)]))

    def hear(self, features: Tensor) -> Tensor:
        """Return what the features (B, T, F) bring (B, T, HIDDEN)."""
        heard: Tensor = self.features(features)
        return heard

    def take(self, heard: Tensor, expected: Tensor) -> Tensor:
        """Return what is measured (B, MEASURED), by a layer and its readout."""
        taken: Tensor = self.readout(nn.functional.silu(heard + self.expected(expected)))
        return taken

    def expect_nothing(self) -> Tensor:
        """Set the weights of what is expected to zero, as they begin."""
        with torch.no_grad():
            return self.expected.weight.zero_()


class TargetMemory(nn.Module):
    """The filter; all of its constants are learned."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self.measure = measure
        self.log_lag_s = _logs(0.7, 0.7, 0.3)  # of the vehicle behind its commands
        self.log_push = _logs(0.5)  # the target's acceleration, m/s^1.5
        self.log_slip = _logs(0.2)  # of the own place, m/s^0.5
        self.log_turn = _logs(0.05)  # of the own heading, rad/s^0.5
        self.log_fade_s = _logs(5.0)  # a velocity that is not seen is forgotten in this time
        self.log_tail = _logs(4.0)  # degrees of freedom: fewer, and the unexpected counts less
        self.sure = nn.Linear(3, 1)  # that the belief is right, of its spread and of what is seen
        with torch.no_grad():
            self.sure.weight.copy_(torch.tensor([[-1.0, -1.0, 0.2]]))
            self.sure.bias.fill_(-2.0)

    def sequence(
        self, features: Tensor, motion: Tensor, dt_s: Tensor, state: Tensor
    ) -> Remembered:
        """Remember through T ticks.

        Args:
            features: (B, T, F).
            motion: commanded since the tick before, (B, T, 3), see MOTION, in m/s and rad/s.
            dt_s: seconds since the tick before, (B, T).
            state: before the first tick, (B, FILTER_STATE) or more; zeros know nothing.

        """
        heard = self.measure.hear(features).unbind(1)
        own, axes, ticks = state[:, :3], _unpacked(state), []
        for hears, told, dt in zip(heard, motion.unbind(1), dt_s.unbind(1), strict=True):
            tick = self._tick(own, axes, told, dt[:, None], partial(self.measure.take, hears))
            own, axes, _ = tick
            ticks.append(tick)
        return self._remembered(ticks)

    def advance(self, measured: Tensor, motion: Tensor, dt_s: Tensor, state: Tensor) -> Remembered:
        """Remember through one tick, told what is measured (B, MEASURED), and no features.

        The rest is as in :meth:`sequence`, for T = 1: motion (B, 3), dt_s (B,).
        """
        begun = state[:, :3], _unpacked(state)
        tick = self._tick(*begun, motion, dt_s[:, None], lambda expected: measured)
        return self._remembered([tick])

    def _tick(
        self,
        own: Tensor,
        axes: _Axes,
        told: Tensor,
        dt: Tensor,
        take: Callable[[Tensor], Tensor],
    ) -> _Tick:
        """Advance by dt (B, 1): the own motion, the filter, and what was taken (B, MEASURED)."""
        own = told + (own - told) * torch.exp(-dt / self.log_lag_s.exp())
        axes = self._predicted(axes, own, dt)
        taken = take(torch.cat(_seen_from_here(axes.mean[:, 0], axes.covariance[:, 0]), dim=1))
        return _Tick(
            own, self._corrected(axes, *_polar(taken), torch.sigmoid(taken[:, :1])), taken
        )

    def _remembered(self, ticks: list[_Tick]) -> Remembered:
        moved, measured = (
            torch.stack(x, dim=1) for x in zip(*((t.own, t.taken) for t in ticks), strict=True)
        )
        mean, covariance = (
            torch.stack(x, dim=1) for x in zip(*(t.axes for t in ticks), strict=True)
        )
        place, velocity = mean.unbind(2)
        spread = covariance[:, :, 0]
        towards, log_range, doubt = _seen_from_here(place, spread)
        square = (place**2).sum(dim=-1, keepdim=True) + 0.01
        own_share = moved / moved.new_tensor(SCALES)
        told = torch.cat([towards, log_range, velocity / 2.0, own_share, doubt], dim=-1)
        bearing = torch.atan2(place[..., 1:], place[..., :1])
        clues = torch.cat([torch.log(spread / square + 1e-4), measured[..., :1]], dim=-1)
        belief = torch.cat([self.sure(clues.detach()), bearing, log_range], dim=-1)
        state = _packed(ticks[-1].own, ticks[-1].axes)
        return Remembered(told, belief, state, moved, measured)

    def _predicted(self, axes: _Axes, own: Tensor, dt: Tensor) -> _Axes:
        """Go on for dt (B, 1), while the drone moves by its own motion (B, 3)."""
        push, slip = self.log_push.exp() ** 2 * dt, self.log_slip.exp() ** 2 * dt
        turn = self.log_turn.exp() ** 2 * dt
        fade = torch.exp(-dt / self.log_fade_s.exp())
        angle = own[:, 2:] * dt
        cosine, sine = torch.cos(angle)[:, None], torch.sin(angle)[:, None]  # (B, 1, 1)
        side = torch.cat([sine, -sine], dim=2)  # who turns left finds all further right
        place, velocity = axes.mean.unbind(1)
        moved = torch.stack([place + (velocity - own[:, :2]) * dt, velocity * fade], dim=1)
        mean = cosine * moved + side * moved.flip(2)
        pp, pv, vv = _mixed(axes.covariance, cosine, sine).unbind(1)
        pp = pp + (2.0 * pv + vv * dt) * dt + slip + turn * mean[:, 0].flip(1) ** 2
        pv = (pv + vv * dt) * fade
        vv = vv * fade**2 + push
        pp, vv = pp.clamp(max=FAR_M**2), vv.clamp(max=2.0 * FAST_M_S**2)
        return _Axes(mean, torch.stack([pp, pv, vv], dim=1))

    def _corrected(self, axes: _Axes, place: Tensor, spread: Tensor, share: Tensor) -> _Axes:
        """Take a place (B, 2) of some variance (B, 2), by a share (B, 1)."""
        mean, known = axes.mean, axes.covariance[:, :2]  # (B, 2, 2): of the place with both
        off, expected = place - mean[:, 0], known[:, 0] + spread
        far = (off**2 / expected).sum(dim=1, keepdim=True)
        weight = share / (1.0 + far / self.log_tail.exp())
        gain = known * (weight / expected)[:, None]  # (B, 2, 2): of place and velocity
        less = torch.cat([gain[:, :1] * known, gain[:, 1:] * known[:, 1:]], dim=1)
        return _Axes(mean + gain * off[:, None], axes.covariance - less)


def _seen_from_here(place: Tensor, spread: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the direction (..., 2), log(m / 4 m) and doubt (..., 1) of a place and its spread."""
    square = (place**2).sum(dim=-1, keepdim=True) + 0.01
    log_range = 0.5 * torch.log(square) - math.log(REFERENCE_M)
    doubt = torch.sqrt(spread.sum(dim=-1, keepdim=True)) / FAR_M
    return place * torch.rsqrt(square), log_range, doubt


def _logs(*values: float) -> nn.Parameter:
    return nn.Parameter(torch.log(torch.tensor(values)))


def _polar(measured: Tensor) -> tuple[Tensor, Tensor]:
    """Return places (..., 2) and their variances (..., 2) of bearings, log distances, spreads."""
    bearing, log_range = measured[..., 1:2], measured[..., 2:3]
    distance = REFERENCE_M * torch.exp(log_range.clamp(-2.5, MOST_LOG_RANGE))
    spreads = measured[..., 3:].clamp(-5.0, MOST_LOG_SPREAD).exp()
    along, across = ((distance * spreads) ** 2).chunk(2, dim=-1)
    cosine, sine = torch.cos(bearing), torch.sin(bearing)
    place = distance * torch.cat([cosine, sine], dim=-1)
    variances = torch.cat([along, across], dim=-1)
    return place, _mixed(variances, cosine, sine) + LEAST_M2


def _mixed(variance: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn variances (..., 2) of two axes that know nothing of each other."""
    return variance * cosine**2 + variance.flip(-1) * sine**2


def _unpacked(state: Tensor) -> _Axes:
    """Return the filter of a state, in which zero is: nothing known."""
    held = state[:, 3:FILTER_STATE].view(-1, 5, 2)
    mean, covariance = held.split([2, 3], dim=1)  # type: ignore[no-untyped-call]
    return _Axes(mean + _first_mean(state), _first_covariance(state) - covariance)


def _packed(own: Tensor, axes: _Axes) -> Tensor:
    known = axes.mean - _first_mean(own), _first_covariance(own) - axes.covariance
    return torch.cat([own, torch.cat(known, dim=1).flatten(1)], dim=1)


def _first_mean(like: Tensor) -> Tensor:
    return like.new_tensor([[REFERENCE_M, 0.0], [0.0, 0.0]])


def _first_covariance(like: Tensor) -> Tensor:
    return like.new_tensor([[FAR_M**2] * 2, [0.0, 0.0], [FAST_M_S**2] * 2])
