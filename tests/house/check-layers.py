#!/usr/bin/env python3
"""Hold the includes of every file to the table of layers in src/CMakeLists.txt.

usage: check-layers.py [TOP]   (TOP: the checkout to look at; by default this one)
"""
import pathlib
import re
import sys

TOP = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
TOP = TOP if TOP.is_dir() else TOP.parents[2]
# Public headers without a .c of their name, and the layer whose contract they are.
ALONE = {"command": "common", "fault": "common", "rules": "common", "ranks_mpi": "ranks",
         "source": "source", "table": "table"}
# What a layer must name in the table before its files may include a library's header.
LIBRARIES = {
    "mpi.h": "MPI::MPI_C", "ranks_mpi.h": "MPI::MPI_C", "hdf5.h": "PkgConfig::HDF5",
    "cJSON.h": "PkgConfig::CJSON", "libpq-fe.h": "PkgConfig::LIBPQ",
    "igzip_lib.h": "PkgConfig::ISAL", "zip.h": "PkgConfig::LIBZIP",
    "xxhash.h": "PkgConfig::XXHASH", "math.h": "m",
}
# One file of a layer knows the library, and the others know that file.
ONE_FILE = {"mpi.h": "ranks_mpi.h", "hdf5.h": "image.c", "libpq-fe.h": "postgres_connection.h"}

faults = []
knows, libraries = {}, {}
table = (TOP / "src/CMakeLists.txt").read_text()
for folder, rest in re.findall(r"^layer\((\S+)([^)]*)\)", table, re.M):
    known, _, linked = rest.partition("LIBRARIES")
    knows[folder] = set(known.replace("KNOWS", "").split())
    libraries[folder] = set(linked.split())
    for name in sorted(knows[folder] - set(knows)):
        faults.append(f"{folder} may know {name}, which stands below it or nowhere: a circle")

home = {}  # a file of src → its layer; names are unique
for path in sorted((TOP / "src").rglob("*.[ch]")):
    folder = path.parent.relative_to(TOP / "src").as_posix()
    if path.name in home:
        faults.append(f"{path.name} stands in {home[path.name]} and in {folder}")
    if folder not in knows and path.name != "main.c":
        faults.append(f"src/{folder}/{path.name} lies in no layer of the table")
    home[path.name] = folder
public = {}
for path in sorted((TOP / "include/course_funnel").glob("*.h")):
    public[path.name] = home.get(path.stem + ".c", ALONE.get(path.stem))
    if public[path.name] is None:
        faults.append(f"{path.name} is public, but no layer has a {path.stem}.c")

needed, public_includes, used = set(), {}, {folder: set() for folder in knows}
sources = [*sorted((TOP / "src").rglob("*.[ch]")), *sorted((TOP / "include").rglob("*.h"))]
for path in sources:
    folder = public.get(path.name) if path.parent.name == "course_funnel" else home[path.name]
    is_main = path.name == "main.c"
    for bracket, name in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', path.read_text(), re.M):
        where = f"{path.relative_to(TOP)} includes {name}"
        base = name.rsplit("/", 1)[-1]
        wanted = LIBRARIES.get(base)
        if wanted is not None and not is_main:
            used.setdefault(folder, set()).add(wanted)
            if wanted not in libraries.get(folder, ()):
                faults.append(f"{where}: the table does not give {folder} that library")
            if path.name != ONE_FILE.get(base, path.name):
                faults.append(f"{where}: only {ONE_FILE[base]} does")
        if bracket == "<":
            continue
        if name.startswith("course_funnel/"):
            owner = public.get(base)
            if owner is None:
                faults.append(f"{where}: there is no such header")
            elif owner != folder:
                needed.add(base)
                if not is_main and owner not in knows.get(folder, ()):
                    faults.append(f"{where}: {folder} may not know {owner}")
            if path.parent.name == "course_funnel":
                public_includes.setdefault(path.name, set()).add(base)
        elif "/" in name or home.get(name) != folder or path.parent.name == "course_funnel":
            faults.append(f"{where}: a private header of another layer")

grown = set()
while grown != needed:
    grown = set(needed)
    for name in grown:
        needed |= public_includes.get(name, set())
for name in sorted(set(public) - needed):
    faults.append(f"{name} is public, but no other layer than {public[name]} needs it")
for folder in knows:
    for name in sorted(libraries[folder] - used.get(folder, set())):
        faults.append(f"{folder} is given {name}, which none of its files includes")

for fault in faults:
    print(fault, file=sys.stderr)
print(f"{len(knows)} layers, {len(sources)} files, {len(faults)} faults")
sys.exit(1 if faults or len(knows) < 15 or len(sources) < 100 else 0)
