"""`ayni node serve`: one process family that answers for one node, over HTTPS or on loopback.

The node is opened and checked first, so that whatever is wrong is said before a port
is taken. One worker process then answers requests in threads: names and texts that
may not lie in the database live in its memory, and one memory is one truth. Jobs run
beside it in the same process. A stop (SIGTERM, SIGINT) lets requests end and jobs
close; whatever dies with the power was either committed or never happened.

Plain HTTP leaves loopback under no setting.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ayni.errors import SettingsError
from ayni.node.certificate import Certificate, ensure_certificate, read_certificate
from ayni.node.django_setup import STORAGE
from ayni.node.opening import OpenNode, open_node
from ayni.node.settings import FILE_NAME, Settings

if TYPE_CHECKING:
    from ayni.node.supervision import Job

TLS: Final = "tls"
THREADS: Final = 4
"""Requests answered at the same time. Ours: SQLite has one writer, and a page takes some 20 ms."""
LISTENING_EVERY_S: Final = 0.02
LISTENING_TRIES: Final = 3000
"""How often, and how many times, the port is tried before the address is told: a minute. Ours."""
STOP_S: Final = 15
"""How long requests under way get to end."""


def serve(
    folder: Path,
    *,
    jobs: Callable[[OpenNode], Sequence[Job]] | None = None,
    ready: Callable[[str], None] = lambda _address: None,
) -> None:
    """Serve the node at *folder* until it is told to stop. *ready* is called with its address when it listens.

    *jobs* names the background work; without it, the node's own (`standing_jobs`).

    Raises:
        NodeError: if it is no node, is served already, or cannot be opened; each error says what to do.
        SettingsError: if the port is taken.
        KeysError: if its certificate cannot be used.
    """
    with open_node(folder, serving=True) as node:
        from ayni.node.names import Names  # noqa: PLC0415 -- Django is configured by opening the node
        from ayni.node.running import Running, run  # noqa: PLC0415 -- as above
        from ayni.node.supervision import Job, Supervisor, standing_jobs  # noqa: PLC0415 -- as above

        for left in (folder / STORAGE).glob("*.upload*"):  # by a process that was killed while it read one
            left.unlink(missing_ok=True)
        serving = node.settings.serve
        certificate = certificate_of(folder, node.settings)
        port = serving.port or _free_port(serving.host)
        _check_port(folder, serving.host, port)
        names = Names(node)
        supervisor = Supervisor((*(jobs or standing_jobs)(node), Job(name="names", run=names.keep)))
        run(Running.of(node, supervisor=supervisor, names=names))
        application = _application()
        scheme = "http" if certificate is None else "https"
        server = _server(serving.host, port, certificate)
        address = f"{scheme}://{serving.listen.rpartition(':')[0]}:{port}/"
        server.on_startup(lambda: _once_listening(serving.host, port, lambda: ready(address)))
        _close_connections()

        def load() -> Callable[..., Any]:
            """Run in the worker: jobs start there, and end with it."""
            _end_with_parent()
            supervisor.start()
            multiprocessing.util.Finalize(None, supervisor.stop, exitpriority=10)
            return application

        server.serve(target_loader=load, wrap_loader=False)


def certificate_of(folder: Path, settings: Settings) -> Certificate | None:
    """Return the certificate the node serves with; None on loopback, where there is no need of one.

    Raises:
        KeysError: if it cannot be used.
    """
    serving = settings.serve
    if serving.tls_certificate:
        return read_certificate(folder / serving.tls_certificate, folder / serving.tls_key)
    if serving.loopback:
        return None
    hosts = (*serving.hosts, *(() if serving.host in {"0.0.0.0", "::"} else (serving.host,)))  # noqa: S104 -- compared
    return ensure_certificate(folder / TLS, name=settings.node.id, hosts=hosts, now=datetime.now(UTC))


def _application() -> Callable[..., Any]:
    """Build the application here, before the worker is forked, so that what it imports is imported once."""
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 -- Django is configured
    from django.urls import get_resolver  # noqa: PLC0415 -- as above

    handler = WSGIHandler()
    _ = get_resolver().url_patterns
    return handler


def _server(host: str, port: int, certificate: Certificate | None) -> Any:  # noqa: ANN401 -- granian's is generic
    from granian.constants import HTTPModes, Interfaces  # noqa: PLC0415 -- only when serving
    from granian.log import LogLevels  # noqa: PLC0415 -- as above
    from granian.server import MPServer  # noqa: PLC0415 -- as above

    if multiprocessing.get_start_method(allow_none=True) != "fork":
        multiprocessing.set_start_method("fork", force=True)
    return MPServer(
        "ayni",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        http=HTTPModes.auto if certificate else HTTPModes.http1,
        log_level=LogLevels.error,
        ssl_cert=certificate.certificate if certificate else None,
        ssl_key=certificate.key if certificate else None,
        workers_kill_timeout=STOP_S,
        respawn_failed_workers=True,
    )


def _end_with_parent() -> None:
    """Stop this worker when the process that started it is gone: one that lives on would keep the node locked."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _close_connections() -> None:
    """A database connection does not survive a fork: the worker opens its own."""
    from django.db import connections  # noqa: PLC0415 -- Django is configured

    connections.close_all()


def _once_listening(host: str, port: int, told: Callable[[], None]) -> None:
    """Call *told* when something answers at the port: the server says that it starts before its worker does."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- compared

    def wait() -> None:
        for _ in range(LISTENING_TRIES):
            try:
                socket.create_connection((reached, port), timeout=1).close()
            except OSError:
                time.sleep(LISTENING_EVERY_S)
            else:
                told()
                return

    threading.Thread(target=wait, name="ready", daemon=True).start()


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _check_port(folder: Path, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        why = f"serve.listen: cannot listen on {host}:{port}: {error.strerror}"
        raise SettingsError(file=str(folder / FILE_NAME), why=why) from error
