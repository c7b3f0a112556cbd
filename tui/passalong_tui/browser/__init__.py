"""The console in a browser on the same machine. Removable by deleting this folder, its entry point and the extra.

Serving needs textual-serve, which the extra `web` brings; nothing of it is imported unless a browser is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec

from passalong.errors import Unusable

MISSING = "Showing the console in a browser needs textual-serve: pip install 'passalong[web]'."


def serve(*, command: str, port: int) -> None:
    """Serves what `command` starts, a new one for each page, until it is interrupted; prints the address to open.

    The command is seen by everybody who lists processes: keys and databases reach it by variables of this process.
    Port 0 takes any that is free. Raises Unusable.
    """
    if find_spec("textual_serve") is None:
        raise Unusable(MISSING)
    import asyncio

    from passalong_tui.browser.serving import serve_until_interrupted

    asyncio.run(serve_until_interrupted(command, port))
