"""An SMTP server for a pod that has Python and nothing else: STARTTLS, a login, mails kept.

    python mail_server.py MAILS CERTIFICATE KEY

listens on port 5587 and appends each mail to the file MAILS, a line of base64 each, before it says
that it took it. The login is MAIL_USER and MAIL_PASSWORD.
"""

import base64
import hmac
import os
import signal
import socketserver
import ssl
import sys
from collections.abc import Iterator

PORT = 5587


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    timeout = 60
    server: "Server"
    is_encrypted = False
    is_known = False

    def handle(self) -> None:
        self._reply("220 mail")
        # Not an iteration: STARTTLS gives another rfile.
        while line := self.rfile.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            answer = getattr(self, f"do_{verb.lower()}", None)
            self._reply(answer(rest) if answer else "502 not here")
            if verb.upper() == "QUIT":
                return
            if verb.upper() == "STARTTLS":
                self._encrypt()

    def do_ehlo(self, _: str) -> str:
        return "250-mail\r\n" + ("250 AUTH PLAIN" if self.is_encrypted else "250 STARTTLS")

    def do_starttls(self, _: str) -> str:
        return "220 go on"

    def do_auth(self, rest: str) -> str:
        given = base64.b64decode(rest.removeprefix("PLAIN "))
        self.is_known = self.is_encrypted and hmac.compare_digest(given, self.server.login)
        return "235 welcome" if self.is_known else "535 no"

    def do_mail(self, _: str) -> str:
        return "250 OK" if self.is_known else "530 who are you?"

    def do_rcpt(self, _: str) -> str:
        return self.do_mail("")

    def do_data(self, _: str) -> str:
        self._reply("354 go on")
        self.server.keep(b"".join(self._content()))
        return "250 OK"

    def do_quit(self, _: str) -> str:
        return "221 bye"

    def _content(self) -> Iterator[bytes]:
        for line in self.rfile:
            if line == b".\r\n":
                return
            # A dot that begins a line comes doubled (RFC 5321, 4.5.2).
            yield line.removeprefix(b".") if line.startswith(b"..") else line
        raise ConnectionError("the mail has no end")

    def _encrypt(self) -> None:
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.is_encrypted = True

    def _reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Keeps mails in a file."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, mails: str, context: ssl.SSLContext, login: bytes) -> None:
        super().__init__(("", PORT), Session)
        self.context = context
        self.login = login
        self.file = os.open(mails, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def handle_error(self, request: object, client_address: object) -> None:
        """A probe that hangs up is no error of ours."""

    def keep(self, mail: bytes) -> None:
        os.write(self.file, base64.b64encode(mail) + b"\n")
        os.fsync(self.file)


def main(mails: str, certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    login = f"\0{os.environ['MAIL_USER']}\0{os.environ['MAIL_PASSWORD']}"
    # As the first process of its container it would not even hear it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Server(mails, context, login.encode()).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
