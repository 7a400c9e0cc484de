"""A confined process does what it was made for and nothing else; each deed is one that works without it."""

import json
import subprocess
import sys

TRY = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from diffsmith.weights.pickles.confinement import confine

folder = Path(sys.argv[1])
(folder / "there").write_text("text")
output = open(folder / "output", "wb", buffering=0)
deeds = {
    "socket": lambda: socket.socket().close(),
    "program": lambda: subprocess.run(["true"]),
    "shell": lambda: os.system("true") and 1 / 0,
    "fork": lambda: os.fork() or os._exit(0),
    "write": lambda: (folder / "new").write_text("x"),
    "append": lambda: open(folder / "there", "a"),
    "remove": lambda: (folder / "there").unlink(),
    "rename": lambda: (folder / "there").rename(folder / "elsewhere"),
    "link": lambda: (folder / "link").symlink_to("there"),
    "signal": lambda: os.kill(os.getpid(), 0),
    "memory": lambda: bytearray(300 * 2**20),
    "size": lambda: output.write(bytes(5000)) == 5000 or 1 / 0,
    "read": lambda: (folder / "there").read_bytes(),
    "output": lambda: output.write(b"x"),
    "thread": lambda: threading.Thread(target=print, args=("",)).start(),
    "some memory": lambda: bytearray(50 * 2**20),
}
if sys.argv[2] == "confined":
    confine(memory=200 * 2**20, seconds=1, output=4000)
done = []
for name, deed in deeds.items():
    try:
        deed()
        done.append(name)
    except Exception as error:
        pass
    if name == "size":
        output.seek(0)
    if name in ("remove", "rename") and sys.argv[2] == "free":
        (folder / "there").write_text("text")
print(json.dumps(done), flush=True)
while sys.argv[2] == "confined":
    pass
"""
ALLOWED = {"read", "output", "thread", "some memory"}


def tried(folder, how):
    command = [sys.executable, "-c", TRY, folder, how]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, set(json.loads(done.stdout.splitlines()[-1]))


def test_a_confined_process_reads_and_writes_what_it_was_given_and_nothing_else(tmp_path):
    code, free = tried(tmp_path, "free")
    assert (code, len(free)) == (0, 16), "each deed works where nothing forbids it"
    code, confined = tried(tmp_path, "confined")
    assert confined == ALLOWED
    assert code == -24, "and it ends when its seconds are over"
