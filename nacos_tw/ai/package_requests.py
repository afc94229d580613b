"""What can be asked of the registries of packages: skills and AgentSpecs."""

from __future__ import annotations

from nacos_tw.ai.packages import Package
from nacos_tw.ai.problems import AiInvalid
from nacos_tw.ai.requests import Listing, OfName

SCOPES = "PUBLIC", "PRIVATE"


def check_scope(scope: str | None) -> None:
    """@raise AiInvalid: it is neither None nor a scope."""
    if scope is not None and scope not in SCOPES:
        raise AiInvalid("scope", "choice", scope, SCOPES)


class PackageListing(Listing, frozen=True, gc=False, kw_only=True):
    """A page of packages. C{scope}: that they have; None: any; C{biz_tag}: that their tags hold, "" for any."""

    scope: str | None = None
    biz_tag: str = ""

    def __post_init__(self) -> None:
        check_scope(self.scope)


class PackageQuery(OfName, frozen=True, gc=False, kw_only=True):
    """A package: of a version, or by a label, or the latest. C{md5}: of what the client has."""

    version: str = ""
    label: str = ""
    md5: str = ""


class PackageUpload(OfName, frozen=True, gc=False, kw_only=True):
    """An archive that becomes a draft. C{overwrite}: also where there is one."""

    data: bytes | None
    overwrite: bool = False


class PackageDraft(OfName, frozen=True, gc=False, kw_only=True):
    """
    A draft to be begun, or to be changed.

    @ivar based_on: the version whose content it has at first; C{version}: that it is to be, "" for the next one;
        C{package}: its content; None: that of the version before.
    @ivar biz_tags: words for it; None keeps.
    """

    based_on: str = ""
    version: str = ""
    package: Package | None = None
    biz_tags: str | None = None

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class PackageVersion(OfName, frozen=True, gc=False, kw_only=True):
    """
    A version; "" is the draft.

    @ivar latest: whether it becomes the latest. C{draft}: must be a draft; C{unseen}: is not to be online yet.
    """

    version: str = ""
    latest: bool = True
    draft: bool = False
    unseen: bool = False

    def details(self) -> dict[str, str]:
        """As L{OfName.details}."""
        return {**super().details(), "version": self.version}


class PackageSwitch(PackageVersion, frozen=True, gc=False, kw_only=True):
    """A version, or with "" the whole package, to be shown to clients or not."""

    online: bool


class PackageSettings(OfName, frozen=True, gc=False, kw_only=True):
    """What is set of a package; None keeps."""

    labels: dict[str, str] | None = None
    biz_tags: str | None = None
    scope: str | None = None

    def __post_init__(self) -> None:
        check_scope(self.scope)
