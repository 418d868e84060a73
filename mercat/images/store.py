"""Keeping files: all of those that belong together, or none."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterable, Iterator

from django.core.files.storage import default_storage

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def all_or_none(names: Iterable[str], what: str, refusal: type[ValueError]) -> Iterator[None]:
    """If anything fails, none of these files stays behind, whole or half; of the store itself as a `refusal`."""
    try:
        yield
    except BaseException as error:
        forget(names)
        if isinstance(error, OSError):
            raise refusal(why_not_kept(error, what)) from error
        raise


def forget(names: Iterable[str]) -> None:
    """Take files away, as far as the store answers."""
    for name in names:
        with contextlib.suppress(OSError):
            default_storage.delete(name)


def why_not_kept(error: OSError, what: str) -> str:
    """`what`: picture, document or video."""
    if error.errno in FULL:
        return (
            f"The {what} could not be kept: the server's disk is full. Your words are safe. Tell ICT, then try again."
        )
    return f"The {what} could not be kept: the file store did not answer. Your words are safe. Try again, or tell ICT."
