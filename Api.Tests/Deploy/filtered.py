"""Runs a program under the system call filter of a systemd unit: filtered.py UNIT PROGRAM [ARGUMENT…]"""

import errno
import os
import socket
import subprocess
import sys

import seccomp


def read(unit, key):
    with open(unit) as lines:
        return [line.split("=", 1)[1].strip() for line in lines if line.startswith(key + "=")]


def expand(name):
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    # The first line is the name, and a comment describes it.
    words = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return {call for word in words if word and word[0] != "#" for call in expand(word)}


unit, program = sys.argv[1], sys.argv[2:]
allowed = expand("@default")
for line in read(unit, "SystemCallFilter"):
    calls = {call for name in line.lstrip("~").split() for call in expand(name)}
    allowed = allowed - calls if line.startswith("~") else allowed | calls
# They are allowed by what they are called with. And systemd itself executes the program.
allowed = (allowed | {"execve"}) - {"socket", "clone3"}

rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
for call in sorted(allowed):
    try:
        rules.add_rule(seccomp.ALLOW, call)
    except (RuntimeError, ValueError, OSError):
        pass  # This kernel or processor does not have it.
for family in read(unit, "RestrictAddressFamilies")[0].split():
    rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, int(getattr(socket, family))))
# As RestrictNamespaces does: the flags of clone3 cannot be looked at, and glibc then uses clone.
rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
rules.load()
os.execvp(program[0], program)
