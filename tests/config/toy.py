"""A toy of Mercat's commands for the supervisor's tests, run as `python -m tests.config.toy COMMAND`.

`TOY_FAILS` names a command that fails at once; `TOY_DEAF` one that does not listen to SIGTERM. Each command says
when it was given the address of the tables' owner.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

PROGRAM = [sys.executable, "-m", "tests.config.toy"]


def up() -> None:
    from mercat.config.environment import environment
    from mercat.config.problem import Problem
    from mercat.config.supervisor import Supervisor

    try:
        Supervisor(environment(), demo="--demo" in sys.argv, program=PROGRAM).run()
    except Problem as problem:
        sys.exit(f"Error: {problem}")


def stay(command: str) -> None:
    if command == os.environ.get("TOY_DEAF"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"{command} {' '.join(sys.argv[2:])} stays", flush=True)
    if command == "web":
        serve(int(os.environ["MERCAT_PORT"]))
    while True:
        time.sleep(60)


def serve(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            asked, _ = listener.accept()
            asked.recv(4096)
            asked.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            asked.close()


def main() -> None:
    command = sys.argv[1]
    if "MERCAT_OWNER_DATABASE_URL" in os.environ:
        print(f"{command} can own the tables", file=sys.stderr, flush=True)
    if command == os.environ.get("TOY_FAILS"):
        sys.exit(f"{command} fails on purpose")
    if command == "up":
        up()
    elif command in {"migrate", "seed"}:
        print(f"{command} was done with {sys.argv[2:]}")
    else:
        stay(command)


if __name__ == "__main__":
    main()
