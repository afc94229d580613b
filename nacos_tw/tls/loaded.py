"""The certificates in use, and their replacement while the node runs."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from OpenSSL import SSL
from twisted.logger import Logger

from nacos_tw.errors import StartError
from nacos_tw.tls.files import Credentials, subject
from nacos_tw.tls.transport import Creator

SOON = 14.0
"""Days before a certificate's end in which the log says so."""


def now() -> datetime.datetime:
    """The wall clock."""
    return datetime.datetime.now(datetime.timezone.utc)


class LoadedCertificates:
    """
    What one port shows.

    @param what: the port and its protocol, for the log.
    @param read: reads the files: raises StartError where they cannot be used.
    @param build: makes a context of what was read; raises StartError likewise.
    @ivar creator: for L{nacos_tw.tls.transport}; the context in it is replaced by L{reload}.
    """

    log = Logger()

    def __init__(
        self,
        what: str,
        read: Callable[[], Credentials],
        build: Callable[[Credentials], SSL.Context],
        clock: Callable[[], datetime.datetime] = now,
    ) -> None:
        """
        @raise StartError: the files cannot be used.
        """
        self._what = what
        self._read = read
        self._build = build
        self._clock = clock
        self.credentials = read()
        self.creator = Creator(build(self.credentials))

    def announce(self) -> None:
        """Say what is in use, and for how long."""
        certificate = self.credentials.certificate
        self.log.info(
            "{what}: certificate of {subject}, valid until {end:%Y-%m-%d %H:%M} UTC",
            what=self._what,
            subject=subject(certificate),
            end=certificate.not_valid_after_utc,
        )
        self.remind()

    def remind(self) -> None:
        """Warn of a certificate that has expired or soon will."""
        left = self.credentials.days_left(self._clock())
        if left < 0:
            self.log.warn("{what}: the certificate has expired; replace it and send SIGHUP", what=self._what)
        elif left < SOON:
            self.log.warn(
                "{what}: the certificate expires in {days:.0f} days; replace it and send SIGHUP",
                what=self._what,
                days=left,
            )

    def reload(self) -> bool:
        """
        Read the files again: new connections use what they hold now.

        @return: False if they cannot be used; what was in use stays so, and the log says why.
        """
        try:
            found = self._read()
            context = self._build(found)
            if trouble := found.untimely(self._clock()):
                raise StartError(trouble)
        except StartError as error:
            self.log.error(
                "{what}: the new certificates are not used, the old ones stay: {error}",
                what=self._what,
                error=str(error),
            )
            return False
        self.credentials = found
        self.creator.context = context
        self.log.info("{what}: certificates were read again", what=self._what)
        self.announce()
        return True
