"""What went wrong with a repository on the Hub, and how to get its files all the same."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import FileFault

if TYPE_CHECKING:
    from .hub import Address

__all__ = ["Fault", "fault", "offline"]


class Fault(NamedTuple):
    """final: the Hub itself says no, so what was fetched before must not stand in."""

    error: FileFault
    final: bool = False


def offline(wanted: "Address", cache: Path) -> FileFault:
    """Nothing was fetched before, and nothing may be fetched now."""
    what = f"is not on this computer ({cache}), and HF_HUB_OFFLINE is set; unset it, or {_by_hand(wanted)}"
    return FileFault(wanted.repository, what)


def fault(wanted: "Address", error: Exception, cache: Path, endpoint: str) -> Fault:
    """An error of the Hub's library in one sentence that says what to do."""
    from huggingface_hub import errors

    page = f"{endpoint}/{wanted.repository}"
    if isinstance(error, errors.GatedRepoError):
        steps = (
            f"accept its licence at {page}, make a token at {endpoint}/settings/tokens and set HF_TOKEN to it"
        )
        return Fault(
            FileFault(wanted.repository, f"is open only to those who agreed to its licence: {steps}"), True
        )
    if isinstance(error, errors.RevisionNotFoundError):
        told = f"has no revision {wanted.revision!r}; {page}/commits/main lists them"
        return Fault(FileFault(wanted.repository, told), True)
    if isinstance(error, errors.RepositoryNotFoundError):
        return Fault(FileFault(wanted.repository, _not_there(page)), True)
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return Fault(
            FileFault(wanted.repository, _refused(status, endpoint, wanted)), status in {401, 403, 404}
        )
    reason = f"{type(error).__name__}: {error}".partition("\n")[0]
    told = f"could not be fetched from {endpoint} ({reason}), and is not in {cache}; {_by_hand(wanted)}"
    return Fault(FileFault(wanted.repository, told))


def _not_there(page: str) -> str:
    private = "if it is private, set HF_TOKEN to a token that may read it"
    return f"there is no such folder here and no such repository at {page}; check the name, or {private}"


def _refused(status: int, endpoint: str, wanted: "Address") -> str:
    if status in {401, 403}:
        return f"{endpoint} refuses the token ({status}); set HF_TOKEN to one that may read this repository"
    return f"{endpoint} answered {status}; try again later, or {_by_hand(wanted)}"


def _by_hand(wanted: "Address") -> str:
    """How to get the files without this computer's network."""
    name = wanted.repository.partition("/")[2]
    revision = "" if wanted.revision == "main" else f" --revision {wanted.revision}"
    file = f" {wanted.file}" if wanted.file else ""
    command = f"hf download {wanted.repository}{file}{revision} --local-dir {name}"
    where = f"{name}/{wanted.file}" if wanted.file else f"the folder {name}"
    return f"where there is a network, run `{command}`, bring {where} here and name that in place of it"
