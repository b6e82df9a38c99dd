#!/bin/sh
# Boots systemd as the first process of namespaces of its own, with nothing but the line's service in it.
# usage: unshare --mount --pid --fork --uts --cgroup --kill-child sh tests/service_boot.sh ROOT FOLDER PYTHON
#   ROOT    the project's folder; becomes /opt/linewatch
#   FOLDER  belt.yaml; service.conf, which is laid over the unit; state, for /var/lib; becomes /run/files
#   PYTHON  the prefix of the Python that .venv was made from, which may lie in a home; becomes /opt/python
# Everything it mounts is gone with it. Exit code 77: namespaces may not be had here.
set -eu
root=$1 folder=$2 prefix=$3
{
    mount --make-rprivate / && mount -t proc proc /proc && mount -t tmpfs tmpfs /run
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
    else
        mount -t tmpfs tmpfs /sys/fs/cgroup && mkdir -p /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
        mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
        mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
    fi
} || exit 77

mkdir -p /run/root /run/python /run/files
mount --bind "$root" /run/root
mount --bind "$prefix" /run/python
mount --bind "$folder" /run/files
mount -t tmpfs tmpfs /opt
mkdir -p /opt/linewatch /opt/python
mount --move /run/root /opt/linewatch
mount --move /run/python /opt/python
mount --bind "$folder/state" /var/lib
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/units

# No unit of this computer is started: the ones that every service leans on are empty here.
for unit in sysinit basic shutdown umount final network-online; do
    printf '[Unit]\nDefaultDependencies=no\n' > "/mnt/units/$unit.target"
done
for place in /lib/systemd/system /etc/systemd/system; do
    mkdir -p $place
    mount --bind /mnt/units $place
done
mkdir -p /run/systemd/system/linewatch@.service.d
cp "/opt/linewatch/configs/systemd/linewatch@.service" /run/systemd/system/
cp /run/files/service.conf /run/systemd/system/linewatch@.service.d/
printf '[Unit]\nDefaultDependencies=no\nWants=linewatch@belt.service\n' > /run/systemd/system/boot.target

for file in passwd group; do
    cp /etc/$file /mnt/$file
done
echo 'linewatch:x:60987:60987::/var/lib/linewatch:/usr/sbin/nologin' >> /mnt/passwd
printf 'linewatch:x:60987:\n' >> /mnt/group
mount --bind /mnt/passwd /etc/passwd
mount --bind /mnt/group /etc/group
export container=linewatch-test
exec /lib/systemd/systemd --system --unit=boot.target --log-target=console --show-status=no < /dev/null
