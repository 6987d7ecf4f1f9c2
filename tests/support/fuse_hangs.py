#!/usr/bin/python3
"""A file system that stops answering: fuse_hangs.py FOLDER MOUNT FLAG [new-inodes].

MOUNT shows the files of FOLDER. When FLAG is there, no read of the file that is read next is answered,
and FLAG tells which it is. With new-inodes a file has another inode number each time it is asked for,
as over sshfs."""
import itertools
import os
import sys
import threading
import time

import fusepy as fuse

NEW_INODES = sys.argv[4:] == ["new-inodes"]


class Folder(fuse.Operations):
    def __init__(self, folder, flag):
        self.folder, self.flag, self.hung = folder, flag, None
        self.inodes = itertools.count(1000)
        self.first = threading.Lock()

    def getattr(self, path, fh=None):
        try:
            found = os.lstat(self.folder + path)
        except OSError as error:
            raise fuse.FuseOSError(error.errno)
        names = "st_mode st_ino st_nlink st_uid st_gid st_size st_mtime st_ctime st_atime".split()
        shown = {name: getattr(found, name) for name in names}
        if NEW_INODES:
            shown["st_ino"] = next(self.inodes)
        return shown

    def readdir(self, path, fh):
        return [".", ".."] + os.listdir(self.folder + path)

    def open(self, path, flags):
        return os.open(self.folder + path, flags)

    def release(self, path, fh):
        os.close(fh)

    def read(self, path, size, offset, fh):
        with self.first:
            if self.hung is None and os.path.exists(self.flag):
                self.hung = path
                with open(self.flag, "w", encoding="utf-8") as file:
                    file.write(sys.argv[2] + path)
        while path == self.hung:
            time.sleep(0.1)
        return os.pread(fh, size, offset)


own_inodes = {"use_ino": True, "attr_timeout": 0} if NEW_INODES else {}
fuse.FUSE(Folder(sys.argv[1], sys.argv[3]), sys.argv[2], foreground=True, **own_inodes)
