#!/usr/bin/env bash
# `cmake --install` gives the program, which runs where it was put, and nothing else.
# usage: check-install.sh BUILD VERSION
set -euo pipefail

prefix=$(mktemp -d /tmp/course-funnel.XXXXXX)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$1" --prefix "$prefix" >/dev/null
installed=$(cd "$prefix" && find . ! -type d)
if [ "$installed" != ./bin/course-funnel ]; then
    echo "installed: $installed" >&2
    exit 1
fi
version=$(cd / && "$prefix/bin/course-funnel" --version)
if [ "$version" != "course-funnel $2" ]; then
    echo "the installed program says: $version" >&2
    exit 1
fi
# The build folder is not needed any more.
dynamic=$(readelf -d "$prefix/bin/course-funnel")
if grep -F "$1" <<<"$dynamic"; then
    echo "the installed program looks for libraries in the build folder" >&2
    exit 1
fi
