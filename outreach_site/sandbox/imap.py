"""The post office's IMAP server: pymap's protocol over our own folders.

UIDs, flags and UIDVALIDITY are rows of the store, so they survive a restart, and what another process lays into a
folder is seen by the next command.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from argparse import Namespace
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from io import BytesIO

from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.sock import SocketInfo
from pymap.backend.mailbox import MailboxDataInterface, MailboxSetInterface
from pymap.backend.session import BaseSession
from pymap.concurrent import Event, Subsystem
from pymap.config import BackendCapability, IMAPConfig
from pymap.context import connection_exit
from pymap.exceptions import AuthorizationFailure, InvalidAuth, NotSupportedError
from pymap.flags import FlagOp
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.interfaces.login import IdentityInterface, LoginInterface
from pymap.interfaces.message import CachedMessage
from pymap.listtree import ListTree
from pymap.mailbox import MailboxSnapshot
from pymap.message import BaseLoadedMessage, BaseMessage
from pymap.mime import MessageContent
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import CommandResponse, Response
from pymap.parsing.specials import FetchRequirement, ObjectId
from pymap.parsing.specials.flag import Flag, Seen
from pymap.selected import SelectedMailbox, SelectedSet
from pymap.token import AllTokens
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

from outreach_site.sandbox.config import LETTER_LIMIT
from outreach_site.sandbox.folders import Folder, Folders, StoredMessage
from outreach_site.sandbox.store import Store

log = logging.getLogger(__name__)

SPECIAL_USE = {"Junk": b"Junk", "Sent": b"Sent"}
DELIMITER = "/"

# How often an IDLE session looks for new mail; another process may have brought it, so there is no event to wait for.
IDLE_SECONDS = 1.0


class Config(IMAPConfig):
    """How the server presents itself. Signing in needs TLS first, also from this machine."""

    def __init__(self, tls: ssl.SSLContext, *, implicit_tls: bool) -> None:
        super().__init__(
            Namespace(),
            host=None,
            port=0,
            subsystem=Subsystem.for_asyncio(),
            cpu_subsystem=Subsystem.for_asyncio(),
            ssl_context=tls,
            # With implicit TLS there is nothing left to start: no STARTTLS is offered, and one may sign in at once.
            tls_enabled=not implicit_tls,
            hash_context=Cleartext(),
            proxy_protocol=ProxyProtocolNoop(),
            max_append_len=LETTER_LIMIT,
        )

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=True, multi_append=True, custom=[b"SPECIAL-USE"])

    @property
    def greeting(self) -> bytes:
        return b"Linkletter rehearsal post office ready"


class Message(BaseMessage):
    """A message's data; its bytes are read when they are asked for."""

    def __init__(self, folders: Folders, folder_id: int, stored: StoredMessage, *, expunged: bool = False) -> None:
        super().__init__(
            stored.uid,
            stored.internal_at,
            frozenset(Flag(flag) for flag in stored.flags),
            email_id=ObjectId(b"M%d-%d" % (folder_id, stored.uid)),
            expunged=expunged,
        )
        self._folders = folders
        self._folder_id = folder_id

    async def load_content(self, requirement: FetchRequirement) -> BaseLoadedMessage:
        needless = requirement.has_none(FetchRequirement.CONTENT)
        raw = None if needless else self._folders.raw(self._folder_id, self.uid)
        return BaseLoadedMessage(self, requirement, None if raw is None else MessageContent.parse(raw))


class Mailbox(MailboxDataInterface[Message]):
    """One folder as pymap sees it."""

    def __init__(self, folders: Folders, folder: Folder) -> None:
        self._folders = folders
        self._folder = folder
        self._selected_set = SelectedSet()

    @property
    def folder_id(self) -> int:
        return self._folder.id

    @property
    def mailbox_id(self) -> ObjectId:
        return ObjectId(b"F%d" % self._folder.id)

    @property
    def readonly(self) -> bool:
        return False

    @property
    def uid_validity(self) -> int:
        return self._folder.uid_validity

    @property
    def selected_set(self) -> SelectedSet:
        return self._selected_set

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        if wait_on is not None:
            await wait_on.wait(timeout=IDLE_SECONDS)
        state = self._folders.state(self._folder.id)
        if state is None:
            selected.set_deleted()
        elif selected.mod_sequence != state.change:
            selected.set_messages([self._message(stored) for stored in self._folders.messages(self._folder.id)])
            selected.mod_sequence = state.change
        else:
            # Lets go of messages whose removal pymap kept back during the last command.
            selected.add_updates([], [])
        return selected

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        stored = self._folders.append(
            self._folder.id,
            bytes(append_msg.literal),
            at=_aware(append_msg.when) or datetime.now(UTC),
            flags=_flag_texts(append_msg.flag_set),
            recent=recent,
        )
        return self._message(stored)

    async def copy(self, uid: int, destination: Mailbox, *, recent: bool = False) -> int | None:
        return self._folders.copy(self._folder.id, uid, destination.folder_id, recent=recent)

    async def move(self, uid: int, destination: Mailbox, *, recent: bool = False) -> int | None:
        return self._folders.move(self._folder.id, uid, destination.folder_id, recent=recent)

    async def get(self, uid: int, cached_msg: CachedMessage) -> Message:
        stored = self._folders.message(self._folder.id, uid)
        return self._gone(cached_msg) if stored is None else self._message(stored)

    async def update(self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp) -> Message:
        stored = self._folders.message(self._folder.id, uid)
        if stored is None:
            return self._gone(cached_msg)
        before = frozenset(Flag(flag) for flag in stored.flags)
        after = mode.apply(before, flag_set)
        if after != before:
            self._folders.set_flags(self._folder.id, uid, _flag_texts(after))
        return self._message(StoredMessage(uid, stored.internal_at, _flag_texts(after), stored.recent))

    async def delete(self, uids: Iterable[int]) -> None:
        self._folders.remove_messages(self._folder.id, list(uids))

    async def claim_recent(self, selected: SelectedMailbox) -> None:
        for uid in self._folders.claim_recent(self._folder.id):
            selected.session_flags.add_recent(uid)

    async def cleanup(self) -> None:
        pass

    async def snapshot(self) -> MailboxSnapshot:
        messages = self._folders.messages(self._folder.id)
        state = self._folders.state(self._folder.id) or self._folder
        seen = str(Seen)
        unseen = [number for number, message in enumerate(messages, 1) if seen not in message.flags]
        return MailboxSnapshot(
            self.mailbox_id,
            self.readonly,
            self.uid_validity,
            self.permanent_flags,
            self.session_flags,
            len(messages),
            sum(message.recent for message in messages),
            len(unseen),
            unseen[0] if unseen else None,
            state.next_uid,
        )

    def _message(self, stored: StoredMessage) -> Message:
        return Message(self._folders, self._folder.id, stored)

    def _gone(self, cached: CachedMessage) -> Message:
        stored = StoredMessage(cached.uid, cached.internal_date, _flag_texts(cached.permanent_flags), recent=False)
        return Message(self._folders, self._folder.id, stored, expunged=True)


class MailboxSet(MailboxSetInterface[Mailbox]):
    """The folders of one account. Every folder counts as subscribed."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    @property
    def delimiter(self) -> str:
        return DELIMITER

    async def set_subscribed(self, name: str, subscribed: bool) -> None:  # noqa: FBT001 pymap's signature
        pass

    async def list_subscribed(self) -> ListTree:
        return await self.list_mailboxes()

    async def list_mailboxes(self) -> ListTree:
        return ListTree(DELIMITER).update(*self._folders.names())

    async def get_mailbox(self, name: str) -> Mailbox:
        folder = self._folders.folder(name)
        if folder is None:
            raise KeyError(name)
        return Mailbox(self._folders, folder)

    async def add_mailbox(self, name: str) -> ObjectId:
        self._folders.add(name, now=datetime.now(UTC))
        return (await self.get_mailbox(name)).mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        self._folders.remove(name)

    async def rename_mailbox(self, before: str, after: str) -> None:
        if before.upper() == "INBOX":
            raise NotSupportedError("The inbox keeps its name.")
        tree = await self.list_mailboxes()
        if tree.get(before) is None:
            raise KeyError(before)
        if tree.get(after) is not None:
            raise ValueError(after)
        self._folders.rename(tree.get_renames(before, after))


class Session(BaseSession[Message]):
    """One signed-in connection."""

    def __init__(self, owner: str, config: Config, folders: Folders) -> None:
        super().__init__(owner)
        self._config = config
        self._mailbox_set = MailboxSet(folders)

    @property
    def config(self) -> Config:
        return self._config

    @property
    def mailbox_set(self) -> MailboxSet:
        return self._mailbox_set

    async def list_mailboxes(
        self,
        ref_name: str,
        filter_: str,
        subscribed: bool = False,  # noqa: FBT001, FBT002 pymap's signature
        selected: SelectedMailbox | None = None,
    ) -> tuple[Iterable[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        """As pymap's, with the special uses of RFC 6154."""
        found, updates = await super().list_mailboxes(ref_name, filter_, subscribed, selected)
        return [
            (name, delimiter, [*attributes, SPECIAL_USE[name]] if name in SPECIAL_USE else attributes)
            for name, delimiter, attributes in found
        ], updates


class Identity(IdentityInterface):
    """An account that signed in."""

    def __init__(self, config: Config, store: Store, address: str) -> None:
        self._config = config
        self._store = store
        self._address = address

    @property
    def name(self) -> str:
        return self._address

    @property
    def roles(self) -> frozenset[str]:
        return frozenset()

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[Session]:
        yield Session(self._address, self._config, Folders(self._store, self._address))

    async def new_token(self, *, expiration: datetime | None = None) -> str | None:  # noqa: ARG002 pymap's signature
        return None

    async def get(self) -> UserMetadata:
        return UserMetadata(self._config, self._address)

    async def set(self, metadata: UserMetadata) -> int | None:  # noqa: ARG002 pymap's signature
        raise NotSupportedError("Accounts are not changed over IMAP.")

    async def delete(self) -> None:
        raise NotSupportedError("Accounts are not changed over IMAP.")


class Login(LoginInterface):
    """Checks passwords against the store at each sign-in, so an account works from the moment it is added."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self._tokens = AllTokens(config)

    @property
    def tokens(self) -> AllTokens:
        return self._tokens

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        candidate = _Candidate(self._store, credentials.authcid)
        if not credentials.verify(candidate) or candidate.account is None:
            raise InvalidAuth
        return Identity(self._config, self._store, candidate.account)

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> Identity:
        if authzid.strip().lower() != authenticated.name:
            raise AuthorizationFailure
        return Identity(self._config, self._store, authenticated.name)


class _Candidate:
    """Somebody who claims to be `user`; `account` is theirs once the password was right."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self.authcid = user
        self.account: str | None = None

    def compare_authcid(self, authcid: str) -> bool:
        return authcid == self.authcid

    def compare_secret(self, secret: str) -> bool:
        self.account = self._store.signed_in(self.authcid, secret)
        return self.account is not None

    def get_clear_secret(self) -> str | None:
        return None


class State(ConnectionState):
    """pymap lets this machine sign in without TLS; a rehearsal that did would hide a client's fault."""

    async def do_greeting(self) -> CommandResponse:
        response = await super().do_greeting()
        self.auth = self.config.initial_auth
        return type(response)(b"*", self.config.greeting, self.capability)


class Connection(IMAPConnection):
    """Sends each response in one piece: pymap sends its parts, and a client in IDLE may then read half a line."""

    async def readline(self) -> memoryview:
        try:
            return await super().readline()
        except ValueError as err:
            # A line of more than 64 KB is no command of a mail program.
            raise EOFError from err

    async def write_response(self, resp: Response) -> None:
        whole = BytesIO()
        await resp.async_write(whole)
        # A client that is gone will not read it; the next command finds the connection closed.
        with suppress(ConnectionError):
            self.writer.write(whole.getvalue())
            await self.writer.drain()


def connection_handler(
    store: Store, tls: ssl.SSLContext, *, implicit_tls: bool
) -> Callable[[StreamReader, StreamWriter], Awaitable[None]]:
    """For `asyncio.start_server`: serves one connection to its end."""
    config = Config(tls, implicit_tls=implicit_tls)
    login = Login(config, store)
    commands = config.commands

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        connection = Connection(commands, config, reader, writer, SocketInfo.get(writer, None))
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            try:
                await connection.run(State(login, config))
            except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                # The client went away, or would not trust the certificate. It knows; there is nothing to do here.
                log.debug("An IMAP client left in the middle.", exc_info=True)

    return serve


def _flag_texts(flags: Iterable[Flag]) -> frozenset[str]:
    return frozenset(str(flag) for flag in flags)


def _aware(when: datetime | None) -> datetime | None:
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when
