"""For every test run, nbval included: kernels talk over socket files, not over ports.

Two test processes that each look for free ports can find the same one before either kernel has
bound it; one kernel then dies ("Address already in use"). A socket file has a name of its own.
"""

import atexit
import os
import shutil
import tempfile
import uuid

from jupyter_client.connect import ConnectionFileMixin


def use_socket_files(folder):
    """Let every kernel started from this process listen on files in `folder`."""
    write_connection_file = ConnectionFileMixin.write_connection_file

    def with_own_socket(self, **keywords):
        # Jupyter's own choice is a path relative to the working directory, and a kernel has another
        self.ip = f"{folder}/{uuid.uuid4().hex[:12]}"
        write_connection_file(self, **keywords)

    ConnectionFileMixin.transport.default_value = "ipc"
    ConnectionFileMixin.write_connection_file = with_own_socket


if os.name == "posix":
    sockets = tempfile.mkdtemp(prefix="kernels-")
    atexit.register(shutil.rmtree, sockets, ignore_errors=True)
    use_socket_files(sockets)
