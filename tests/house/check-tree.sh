#!/usr/bin/env bash
# The top level holds what the README tells of and nothing more: names with a dot aside, and
# CMakePresets.json, which CMake looks for there and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/../.."

allowed='CMakeLists.txt CMakePresets.json README.md include jobs src tests'
if git rev-parse --git-dir >/dev/null 2>&1; then
    found=$(git ls-files --cached --others --exclude-standard)
else
    found=$(ls)
fi
found=$(cut -d/ -f1 <<<"$found" | grep -v -e '^\.' -e '^build$' | LC_ALL=C sort -u | paste -sd ' ')
if [ "$found" != "$allowed" ]; then
    echo "the top level holds: $found" >&2
    echo "expected is:         $allowed" >&2
    exit 1
fi
