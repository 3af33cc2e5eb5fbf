# liquid_drone on a PC: ROS 2 Jazzy (Ubuntu 24.04, Python 3.12), inference on the CPU.
# --build-arg ROS=humble (22.04, 3.10) or ROS=lyrical (26.04, 3.14) takes another distribution.
#
#   docker build -f deploy/pc.Dockerfile -t liquid_drone:jazzy .
#   docker run --rm -it --network host --ipc host --ulimit rtprio=10 liquid_drone:jazzy \
#     ros2 launch liquid_drone follow.launch.py connection:=udpin:0.0.0.0:14540
#
# With the simulator in it (Humble and Jazzy: PyBullet has no wheel for Lyrical's Python 3.14):
#   docker build --build-arg SIMULATOR=yes -f deploy/pc.Dockerfile -t liquid_drone:jazzy-sim .
#   docker run --rm -it liquid_drone:jazzy-sim ros2 launch liquid_drone simulation.launch.py
ARG ROS=jazzy
FROM ros:${ROS}-ros-base

ARG SIMULATOR=no
ENV PIP_BREAK_SYSTEM_PACKAGES=1
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      python3-colcon-common-extensions python3-numpy python3-opencv python3-pip python3-yaml \
      ros-$ROS_DISTRO-ros2bag ros-$ROS_DISTRO-rosbag2-storage-mcap ros-$ROS_DISTRO-tf2-msgs \
      ros-$ROS_DISTRO-v4l2-camera \
    && if [ "$SIMULATOR" = yes ]; then \
      DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends libegl1 libgl1-mesa-dri; fi \
    && rm -rf /var/lib/apt/lists/*

# The nodes run on the system's Python, for which rclpy is built; NumPy stays of the major version that its messages know.
COPY requirements/pybullet.txt /tmp/
RUN python3 -c 'import numpy; print("numpy==1.26.4" if numpy.__version__ < "2" else "numpy>=2")' > /tmp/numpy.txt \
    && pip install --no-cache-dir -r /tmp/numpy.txt 'onnxruntime>=1.17' 'pymavlink>=2.4.49' 'rich>=13' 'rosbags>=0.10.9' \
    && if [ "$SIMULATOR" = yes ]; then \
      pip install --no-cache-dir --no-deps --require-hashes -r /tmp/pybullet.txt \
      && pip install --no-cache-dir -r /tmp/numpy.txt \
        'av>=15' 'gymnasium>=1.1' 'imageio-ffmpeg>=0.5' 'matplotlib>=3.8' 'moderngl>=5.10' 'pillow>=10' 'trimesh>=4.6'; fi

COPY . /ws/src/liquid_drone
WORKDIR /ws
RUN . /opt/ros/$ROS_DISTRO/setup.sh && colcon build --packages-select liquid_drone \
    && sed -i 's#^exec#source /ws/install/setup.bash\nexec#' /ros_entrypoint.sh

# launch ends its nodes on SIGINT, and would orphan them on SIGTERM
STOPSIGNAL SIGINT
CMD ["ros2", "launch", "liquid_drone", "follow.launch.py"]
