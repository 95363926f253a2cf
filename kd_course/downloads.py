"""Downloads from the hub: more patience with one that is busy, errors that name the way on.

Downloading, caching and resuming are the libraries' work. Here stands what they leave to the
caller, for data sets and models alike.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from kd_course.silence import as_if_offline, patience_with_silence, silence_of_the_hub
from kd_course.text_files import AS_UTF_8

if TYPE_CHECKING:
    from datasets import DatasetDict

Result = TypeVar("Result")

WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds between attempts at a hub that answers 5xx
OFFLINE = "or set KD_SCALE=offline, which needs no network."
WAY_ON = f"What has arrived whole is kept, so trying again later goes on from there; {OFFLINE}"


_OR_NAME_IT = (
    "Or read it yourself, and name its encoding: "
    "datasets.load_dataset('csv', data_files=…, encoding='cp1252')"
)


class HubError(RuntimeError):
    """Something from the hub could not be had; the message names the cause and the way on."""


class _Damaged(HubError):
    """A file in the cache cannot be read."""


@contextlib.contextmanager
def reaching(what: str) -> Iterator[None]:
    """Within this, what goes wrong with the hub is raised as a HubError that a learner can act on.

    what: the identifier that is being loaded. Errors that are not the hub's pass unchanged.
    A model whose files prove damaged is removed from the cache: the next attempt gets it anew.
    """
    try:
        yield
    except HubError:
        raise
    except Exception as error:
        explained = explain(error, what)
        if explained is None:
            raise
        if isinstance(explained, _Damaged):
            _forget_model(what)
        raise explained from error


def fetch(what: str, call: Callable[[], Result], *, waits: tuple[float, ...] = WAITS) -> Result:
    """What the call returns, asked for again while the hub answers that it is busy.

    The libraries themselves take up a broken download again, and ask several times whether a file
    is there; but they give up at once when the hub answers 5xx to the download itself. And behind a
    firewall that drops what is sent they wait for many minutes: so the hub is asked briefly first,
    and where it is silent, what is in the cache is taken.
    """
    with reaching(what):
        silence = silence_of_the_hub()
        if silence:
            return _from_the_cache(what, call, silence)
        with patience_with_silence():
            return _asked_again(call, waits)


def _asked_again(call: Callable[[], Result], waits: tuple[float, ...]) -> Result:
    for wait in waits:
        try:
            return call()
        except Exception as error:
            if not _busy(error):
                raise
            logging.getLogger(__name__).warning("The hub is busy; asking again in %g s.", wait)
            time.sleep(wait)
    return call()


def _from_the_cache(what: str, call: Callable[[], Result], silence: str) -> Result:
    """What the call finds without a network; HubError that names the silence where it is not there."""
    try:
        with as_if_offline():
            found = call()
    except Exception as error:
        if _own_machine(list(_chain(error))) or explain(error, what) is None:
            raise
        raise HubError(
            f"{what} is not in the cache, and the hub cannot be reached: {silence}, as behind a "
            f"firewall. Look at the network, proxy, HF_ENDPOINT. {WAY_ON}"
        ) from error
    logging.getLogger(__name__).warning("The hub is silent; %s is taken from the cache.", what)
    return found


def download_dataset(identifier: str, *config: str) -> DatasetDict:
    """The data set as it is, of one configuration; damaged files in the cache are replaced."""
    import datasets

    def download(**options) -> DatasetDict:
        return fetch(identifier, lambda: datasets.load_dataset(identifier, *config, **options))

    def repaired() -> DatasetDict:
        try:
            return download()
        except _Damaged:
            # A file in the cache is not what it was: both libraries trust it, so they are told.
            return download(download_mode="force_redownload")

    try:
        return repaired()
    except ValueError as error:
        if not str(error).startswith("BuilderConfig"):
            raise
        unknown = HubError(f"{identifier}: {error}. Look at its page; {OFFLINE}")
    # The configurations are listed in the data set's card: only a new copy shows who is wrong.
    with contextlib.suppress(ValueError):
        _renew_card(identifier)
        return repaired()
    raise unknown


def _renew_card(identifier: str) -> None:
    from huggingface_hub import hf_hub_download

    with contextlib.suppress(HubError), reaching(identifier):
        hf_hub_download(identifier, "README.md", repo_type="dataset", force_download=True)


def explain(error: BaseException, what: str) -> HubError | None:
    """The error as a learner should read it: cause and way on; None when it is not the hub's.

    what: the identifier that was being loaded.
    """
    chain = list(_chain(error))
    if _among(chain, "UnicodeDecodeError"):
        return HubError(f"{what}: a file of it is not UTF-8: {AS_UTF_8}. {_OR_NAME_IT}")
    found = _own_machine(chain) or _refused(chain) or _unreachable(chain)
    if found:
        return HubError(f"{what}{found}")
    if _among(
        chain, "ArrowException", "DatasetGenerationError", "SafetensorError", "CastError"
    ) or _mentions(chain, "Expected to be able to read", "Failed to open local file"):
        return _Damaged(
            f"{what}: a file of it cannot be read; it is damaged, or has changed its form "
            f"({type(error).__name__}: {str(error).partition(chr(10))[0][:200]}). "
            f"Trying again downloads it anew; {OFFLINE}"
        )
    if _among(chain, "HfHubHTTPError", "EntryNotFoundError", "DataFilesNotFoundError"):
        return HubError(
            f"{what}: the hub does not give out what is asked for "
            f"(HTTP {_status(chain) or 'error'}): a file is missing, or access is denied. "
            f"Look at its page; {OFFLINE}"
        )
    return None


def _own_machine(chain: list[BaseException]) -> str | None:
    """What is wrong on this side: the disk, or the rights to the cache."""
    for error in chain:
        if isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM:
            return _OF_THE_SYSTEM[error.errno]
    if any(isinstance(e, PermissionError) for e in chain):
        return ": the cache cannot be written. Let HF_HOME name a folder of your own."
    if _mentions(chain, "Could not determine home directory", "getpwuid(): uid not found"):
        return ": this user has no home folder for the cache. Let HF_HOME name a folder."
    return None


_OF_THE_SYSTEM = {
    errno.ENOSPC: ": the disk is full. Make room, or let HF_HOME name a folder on another disk.",
    errno.EROFS: ": the cache can be read, but not written. Let HF_HOME name a folder of your own.",
    errno.EIO: ": the disk cannot be read or written. Let HF_HOME name a folder on another disk.",
    errno.ENOTDIR: ": the cache's path leads through a file. Let HF_HOME name a folder of your own.",
    errno.ENAMETOOLONG: ": the cache's path is too long. Let HF_HOME name a shorter one.",
}
if hasattr(errno, "EDQUOT"):  # not on Windows
    _OF_THE_SYSTEM[errno.EDQUOT] = (
        ": your share of the disk is used up (quota). Make room, or let HF_HOME name a folder on "
        "another disk."
    )


def _refused(chain: list[BaseException]) -> str | None:
    """Why what is asked for is not given out, now or ever."""
    if _among(chain, "GatedRepoError") or _mentions(chain, "gated dataset"):
        return (
            ": only those who accepted its terms may download it. Accept them on its page "
            f"and log in with `hf auth login`; {OFFLINE}"
        )
    if (
        _among(chain, "OfflineModeIsEnabled")
        or _mentions(chain, "OfflineModeIsEnabled")
        or _switched_off(chain)
    ):
        return (
            " is not in the cache, and HF_HUB_OFFLINE forbids to download it. "
            f"Unset HF_HUB_OFFLINE; {OFFLINE}"
        )
    if _among(chain, "RepositoryNotFoundError", "DatasetNotFoundError", "HFValidationError"):
        return (
            ": the hub knows nothing of this name (or it is private). Look for a slip "
            f"in it; {OFFLINE}"
        )
    return None


def _unreachable(chain: list[BaseException]) -> str | None:
    """Why nothing arrives, or not all of it: what a second attempt may mend."""
    status = _status(chain)
    if status == 429:
        return f": the hub has had too many requests from here (HTTP 429). {WAY_ON}"
    if status >= 500:
        return f": the hub is not well (HTTP {status}). {WAY_ON}"
    if _among(
        chain, "RemoteProtocolError", "ReadError", "ReadTimeout", "XetDownloadError"
    ) or _mentions(chain, "Consistency check failed"):
        return f": the connection broke in the middle of a download. {WAY_ON}"
    if _among(
        chain,
        "ConnectError",
        "ConnectTimeout",
        "ProxyError",
        "LocalEntryNotFoundError",
        "ConnectionError",
    ):
        return f": the hub cannot be reached. Look at the network, proxy, HF_ENDPOINT. {WAY_ON}"
    return None


def _among(chain: list[BaseException], *names: str) -> bool:
    """Whether one of the errors is of a class with one of these names, or of one derived from it.

    By name, as the classes belong to libraries that need not be installed or imported.
    """
    return any(parent.__name__ in names for e in chain for parent in type(e).__mro__)


def _mentions(chain: list[BaseException], *phrases: str) -> bool:
    text = " ".join(map(str, chain))
    return any(phrase in text for phrase in phrases)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what led to it: the libraries wrap the cause, some of them twice."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(chain: list[BaseException]) -> int:
    """The HTTP status among the errors; 0 where there is none."""
    responses = (getattr(e, "response", None) for e in chain)
    return next((int(r.status_code) for r in responses if getattr(r, "status_code", None)), 0)


def _busy(error: BaseException) -> bool:
    """Whether the hub refused one download for the moment; not after minutes of asking in vain."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    chain = list(_chain(error))
    return _status(chain) >= 500 and not any(isinstance(e, LocalEntryNotFoundError) for e in chain)


def _switched_off(chain: list[BaseException]) -> bool:
    from huggingface_hub import constants
    from huggingface_hub.errors import LocalEntryNotFoundError

    return constants.is_offline_mode() and any(
        isinstance(e, LocalEntryNotFoundError) for e in chain
    )


def _forget_model(identifier: str) -> None:
    """Remove a model's files from the cache, of every revision."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    with contextlib.suppress(CacheNotFound):
        cache = scan_cache_dir()
        revisions = [
            revision.commit_hash
            for repository in cache.repos
            if repository.repo_type == "model" and repository.repo_id == identifier
            for revision in repository.revisions
        ]
        cache.delete_revisions(*revisions).execute()
