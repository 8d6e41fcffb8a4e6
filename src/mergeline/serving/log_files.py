"""The files of the prediction log: whole lines, new files by size and age, the oldest removed beyond a limit.

Nothing here is yours to edit; the folder and the limit are arguments of `mergeline.serving.serve`.
"""

import os
import time
from pathlib import Path

FILE_BYTES = 64 * 2**20
FILE_SECONDS = 3600.0


class LogFiles:
    """Files `{time}-{pid}-{n}.jsonl` in one folder, which together stay within a limit.

    Parameters
    ----------
    folder : Path
        Made when the first line is written.
    limit : int
        Largest total of this folder's log files (bytes).
    file_bytes, file_seconds : int, float
        A file that has reached either is closed and the next begun.
    """

    def __init__(
        self, folder: Path, limit: int, *, file_bytes: int = FILE_BYTES, file_seconds: float = FILE_SECONDS
    ) -> None:
        self._folder = folder
        self._limit = limit
        self._file_bytes = min(file_bytes, max(limit // 4, 1))
        self._file_seconds = file_seconds
        self._number = 0
        self._handle: int | None = None
        self._path = folder
        self._size = 0
        self._opened = 0.0
        self._removed = 0

    def write(self, content: bytes) -> tuple[int, OSError | None]:
        """Append `content`, whole lines; return how many bytes of it are kept, and why that is not all.

        What was written of a line that did not fit is taken back, and the next write begins a new file.
        """
        try:
            handle = self._current()
        except OSError as error:
            return 0, error
        written = 0
        try:
            while written < len(content):
                written += os.write(handle, content[written:])
        except OSError as error:
            kept = content.rfind(b"\n", 0, written) + 1
            os.ftruncate(handle, self._size + kept)
            self._size += kept
            self.close()
            return kept, error
        self._size += written
        return written, None

    def close(self) -> None:
        """Close the open file; a file without a line is removed."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            if self._size == 0:
                self._path.unlink(missing_ok=True)

    def take_removed(self) -> int:
        """Return how many files were removed since the last call."""
        removed, self._removed = self._removed, 0
        return removed

    def _current(self) -> int:
        old = time.monotonic() - self._opened > self._file_seconds
        if self._handle is not None and (old or self._size >= self._file_bytes or not self._is_there()):
            self.close()
        if self._handle is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_oldest()
            self._handle = self._open()
        return self._handle

    def _is_there(self) -> bool:
        """Return whether the open file still has a name: a file that somebody removed takes lines that nobody finds."""
        return self._handle is not None and os.fstat(self._handle).st_nlink > 0

    def _open(self) -> int:
        """Open a new file; the number keeps names apart when the clock stands still or goes back."""
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        while True:
            path = self._folder / f"{stamp}-{os.getpid()}-{self._number}.jsonl"
            self._number += 1
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            except FileExistsError:
                continue
            self._path, self._size, self._opened = path, 0, time.monotonic()
            return handle

    def _remove_oldest(self) -> None:
        """Remove the oldest files until one more full file fits within the limit."""
        files = sorted((path.stat().st_mtime, path.name, path.stat().st_size) for path in self._folder.glob("*.jsonl"))
        total = sum(size for _, _, size in files)
        for _, name, size in files:
            if total + self._file_bytes <= self._limit:
                return
            (self._folder / name).unlink(missing_ok=True)
            self._removed += 1
            total -= size
