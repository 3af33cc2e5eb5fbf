# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""Real autopilot firmware flying in the simulator: ArduPilot's and PX4's own simulation links.

The world is the physics, the firmware is the pilot's autopilot, and everything above it (link,
guard, policy) talks to the firmware's own MAVLink port as on a drone. The firmware is the user's:
nothing of it is here.
"""
