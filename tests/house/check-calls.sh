#!/usr/bin/env bash
# Functions that overrun their buffers or hide their errors are not called at all.
set -euo pipefail
cd "$(dirname "$0")/../.."

banned='sprintf|vsprintf|strcpy|strcat|strncpy|gets|atoi|atol|atoll|atof|system|alloca'
mapfile -t files < <(find src include tests -name '*.[ch]' | sort)
if [ "${#files[@]}" -eq 0 ]; then
    echo "no C files found" >&2
    exit 1
fi
if grep -nE "(^|[^A-Za-z0-9_>.\"])($banned)[[:space:]]*\(" "${files[@]}"; then
    echo "these functions are not to be used: $banned" >&2
    exit 1
fi
echo "${#files[@]} files"
