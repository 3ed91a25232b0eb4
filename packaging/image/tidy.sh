#!/bin/sh
# Takes out of the root file system $1 what tells of the machine and the hour at which it was made, and what only apt needs.
set -eu
cd "$1"
rm -rf etc/hostname etc/resolv.conf etc/dpkg/dpkg.cfg.d/99mmdebstrap
rm -rf var/cache/apt var/cache/ldconfig var/cache/debconf/*-old var/lib/apt/lists
rm -rf var/log/apt var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log
