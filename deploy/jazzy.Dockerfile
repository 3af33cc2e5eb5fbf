# liquid_drone on a PC: ROS 2 Jazzy, Ubuntu 24.04, Python 3.12, inference on the CPU.
#
#   docker build -f deploy/jazzy.Dockerfile -t liquid_drone:jazzy .
#   docker run --rm -it --network host --ipc host --ulimit rtprio=10 liquid_drone:jazzy \
#     ros2 launch liquid_drone follow.launch.py connection:=udpin:0.0.0.0:14540
#
# With the simulator in it (PyBullet is built from source, about 15 minutes):
#   docker build --build-arg SIMULATOR=yes -f deploy/jazzy.Dockerfile -t liquid_drone:jazzy-sim .
#   docker run --rm -it liquid_drone:jazzy-sim ros2 launch liquid_drone simulation.launch.py
FROM ros:jazzy-ros-base

ARG SIMULATOR=no
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      python3-colcon-common-extensions python3-numpy python3-opencv python3-pip python3-yaml \
      ros-jazzy-ros2bag ros-jazzy-rosbag2-storage-mcap ros-jazzy-tf2-msgs ros-jazzy-v4l2-camera \
    && if [ "$SIMULATOR" = yes ]; then \
      DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        build-essential python3-dev libegl1 libgl1-mesa-dri; fi \
    && rm -rf /var/lib/apt/lists/*

# The nodes run on the system's Python, for which rclpy is built; NumPy stays the one its messages know.
RUN pip install --no-cache-dir --break-system-packages 'numpy==1.26.4' \
      'onnxruntime>=1.17' 'pymavlink>=2.4.40' 'rich>=13' 'rosbags>=0.10' \
    && if [ "$SIMULATOR" = yes ]; then \
      pip install --no-cache-dir --break-system-packages --no-build-isolation 'numpy==1.26.4' \
        'gymnasium>=1.0' 'imageio-ffmpeg>=0.5' 'matplotlib>=3.8' 'moderngl>=5.10' 'pybullet>=3.2.6'; fi

COPY . /ws/src/liquid_drone
WORKDIR /ws
RUN . /opt/ros/jazzy/setup.sh && colcon build --packages-select liquid_drone \
    && sed -i 's#^exec#source /ws/install/setup.bash\nexec#' /ros_entrypoint.sh

# launch ends its nodes on SIGINT, and would orphan them on SIGTERM
STOPSIGNAL SIGINT
CMD ["ros2", "launch", "liquid_drone", "follow.launch.py"]
