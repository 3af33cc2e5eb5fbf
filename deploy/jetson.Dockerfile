# liquid_drone on a Jetson: JetPack 6 (L4T r36.4, Ubuntu 22.04, ROS 2 Humble) as it stands, JetPack 7 (Ubuntu 24.04,
# ROS 2 Jazzy) with --build-arg ROS=jazzy --build-arg UBUNTU=noble; ONNX Runtime with CUDA and TensorRT. Built and run
# on the board itself; not run by us (docs/jetson.md).
#
# NVIDIA's image for the board's JetPack (6: l4t-jetpack:r36.4.0) from NVIDIA's registry, and its wheel index
# (PyPI has no wheel with CUDA for this board), are given by their addresses:
#
#   sudo docker build -f deploy/jetson.Dockerfile -t liquid_drone:jetson \
#     --build-arg L4T_IMAGE=... --build-arg JETSON_WHEELS=... .
#   sudo docker run --rm -it --runtime nvidia --network host --ipc host --ulimit rtprio=10 \
#     --device /dev/ttyTHS1 --device /dev/video0 -v /tmp/argus_socket:/tmp/argus_socket \
#     liquid_drone:jetson ros2 launch liquid_drone follow.launch.py \
#     camera:=device connection:=/dev/ttyTHS1:921600
ARG L4T_IMAGE
FROM ${L4T_IMAGE}

ARG ROS=humble
ARG UBUNTU=jammy
ARG ROS_APT_SOURCE=1.1.0
ARG JETSON_WHEELS
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 PIP_BREAK_SYSTEM_PACKAGES=1
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]

RUN apt-get update && apt-get install --yes --no-install-recommends curl ca-certificates \
    && curl -fsSL -o /tmp/ros2-apt-source.deb "https://github.com/ros-infrastructure/ros-apt-source/releases/download/${ROS_APT_SOURCE}/ros2-apt-source_${ROS_APT_SOURCE}.${UBUNTU}_all.deb" \
    && apt-get install --yes /tmp/ros2-apt-source.deb && rm /tmp/ros2-apt-source.deb \
    && apt-get update && apt-get install --yes --no-install-recommends \
      ros-${ROS}-ros-base ros-${ROS}-ros2bag ros-${ROS}-rosbag2-storage-mcap ros-${ROS}-tf2-msgs \
      ros-${ROS}-v4l2-camera python3-colcon-common-extensions python3-opencv python3-pip python3-yaml \
    && rm -rf /var/lib/apt/lists/*

# Ubuntu's OpenCV has GStreamer (CSI cameras) where pip's has not, so opencv-python is not installed.
RUN pip3 install --no-cache-dir 'numpy==1.26.4' 'pymavlink>=2.4.49' 'rich>=13' 'rosbags>=0.10.9' \
    && pip3 install --no-cache-dir --index-url "$JETSON_WHEELS" --no-deps 'onnxruntime-gpu>=1.19' \
    && pip3 install --no-cache-dir coloredlogs flatbuffers packaging protobuf sympy

COPY . /ws/src/liquid_drone
WORKDIR /ws
RUN source /opt/ros/${ROS}/setup.bash && colcon build --packages-select liquid_drone \
    && printf '%s\n' '#!/bin/bash' 'set -e' 'source /ws/install/setup.bash' 'exec "$@"' > /entrypoint.sh \
    && chmod +x /entrypoint.sh

STOPSIGNAL SIGINT
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "liquid_drone", "follow.launch.py"]
