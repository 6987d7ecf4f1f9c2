#!/usr/bin/env bash
# Every C file is as clang-format writes it. --fix writes it so.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t files < <(find src include tests -name '*.[ch]' | sort)
if [ "${#files[@]}" -eq 0 ]; then
    echo "no C files found" >&2
    exit 1
fi
if [ "${1:-}" = --fix ]; then
    exec clang-format -i "${files[@]}"
fi
clang-format --dry-run -Werror "${files[@]}"
echo "${#files[@]} files"
