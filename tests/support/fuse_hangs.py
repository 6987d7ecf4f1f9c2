#!/usr/bin/python3
"""A file system that stops answering: fuse_hangs.py FOLDER MOUNT FLAG.

MOUNT shows the files of FOLDER. When FLAG is there, no read of the file that is read next is answered,
and FLAG tells which it is."""
import os
import sys
import threading
import time

import fusepy as fuse


class Folder(fuse.Operations):
    def __init__(self, folder, flag):
        self.folder, self.flag, self.hung = folder, flag, None
        self.first = threading.Lock()

    def getattr(self, path, fh=None):
        try:
            found = os.lstat(self.folder + path)
        except OSError as error:
            raise fuse.FuseOSError(error.errno)
        names = "st_mode st_ino st_nlink st_uid st_gid st_size st_mtime st_ctime st_atime".split()
        return {name: getattr(found, name) for name in names}

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


fuse.FUSE(Folder(sys.argv[1], sys.argv[3]), sys.argv[2], foreground=True)
