#!/usr/bin/env bash
# Install what building and running need on Debian 12. Does nothing when all of it is there.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: jobs/install-deps.sh [--tests] [--bench] [--list]

Installs the Debian packages that building and running course-funnel need, as root or by sudo.
  --tests  also those that the tests need: clang, Slurm, Chromium, node, ... (nothing is
           started)
  --bench  also those of the benchmark: python3, and node and npm where there are none
  --list   print the packages, one a line, and install nothing
EOF
}

packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    libopenmpi-dev openmpi-bin
    zlib1g-dev libhdf5-dev libcjson-dev libpq-dev libisal-dev libxxhash-dev libzip-dev
    libcunit1-dev
    postgresql-15 postgresql-client-15
)
test_packages=(
    clang clang-format libclang-rt-14-dev git python3 zip unzip procps util-linux
    slurmctld slurmd slurm-client libslurm-dev munge iproute2 e2fsprogs mount mpich python3-fusepy
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
    postgresql-server-dev-15 pgbouncer
    chromium fonts-roboto-unhinted fonts-sil-charis
)
bench_packages=(python3)

# Node from elsewhere than Debian is as good, and Debian's would not go beside it.
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    test_packages+=(nodejs npm)
    bench_packages+=(nodejs npm)
fi

only_list=
for argument; do
    case $argument in
    --tests) packages+=("${test_packages[@]}") ;;
    --bench) packages+=("${bench_packages[@]}") ;;
    --list) only_list=yes ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done
if [ -n "$only_list" ]; then
    printf '%s\n' "${packages[@]}"
    exit 0
fi

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "install-deps.sh: this is not Debian. Install what matches these packages:" >&2
    printf '  %s\n' "${packages[@]}" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "install-deps.sh: all ${#packages[@]} packages are installed."
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-deps.sh: run this as root, there is no sudo. Missing: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Acquire::Retries=5 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}

# A mirror in the middle of an update gives lists and packages that do not fit for a while.
retry() {
    local try
    for try in 1 2 3; do
        "$@" && return 0
        echo "install-deps.sh: try $try of 3 failed: ${*:2:3} ..." >&2
        sleep $((try * 5))
    done
    return 1
}

# Debian starts a server with a cluster of its own right after the package is installed. The one
# that is wanted here is private, so a machine new to PostgreSQL is told not to.
if ! is_installed postgresql-common && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' |
        "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi

# Nor are the daemons that the tests need wanted as services of the machine: the tests start their
# own. Debian asks this file whether a package may start what it holds.
policy=/usr/sbin/policy-rc.d
if [[ " ${missing[*]} " =~ " "(munge|slurm|pgbouncer) ]] && [ ! -e $policy ]; then
    trap '"${as_root[@]}" rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
fi

echo "install-deps.sh: installing ${missing[*]}"
retry apt update
retry apt install --no-install-recommends "${missing[@]}"
for package in "${missing[@]}"; do
    if ! is_installed "$package"; then
        echo "install-deps.sh: apt-get did not install $package. See its messages above." >&2
        exit 1
    fi
done
echo "install-deps.sh: installed ${#missing[@]} packages."
