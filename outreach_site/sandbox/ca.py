"""A certificate authority of the post office's own, so that clients verify its servers as they verify any other.

The authority may sign for loopback names alone (RFC 5280, 4.2.1.10), so trusting it opens nothing else.
Keys are ECDSA P-256, in files of mode 600.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_YEARS = 10
SERVER_YEARS = 2
RENEW_BEFORE = timedelta(days=60)
SERVER_NAMES = ("localhost", "127.0.0.1", "::1")

# A clock that is a little behind must not find a certificate that is not valid yet.
CLOCK_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True)
class CertificateFiles:
    """PEM files: the authority that a client trusts, and the server's chain and key."""

    ca_file: Path
    cert_file: Path
    key_file: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority in memory."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificates_in(directory: Path, *, now: datetime) -> CertificateFiles:
    """The post office's certificates in `directory`: made at the first call, renewed 60 days before they expire.

    A damaged file is replaced. Several processes may call this together; one makes, the others read.
    """
    files = CertificateFiles(directory / "ca.pem", directory / "server.pem", directory / "server-key.pem")
    with _alone_in(directory):
        authority = _authority_in(directory, now=now)
        if authority is None:
            authority = new_authority("Linkletter rehearsal post office", now=now)
            _write(directory / "ca-key.pem", _key_pem(authority.key))
            _write(files.ca_file, _pem(authority.certificate))
        if not _serves(files, authority, now=now):
            certificate, key = issue(
                authority, SERVER_NAMES, not_before=now - CLOCK_TOLERANCE, not_after=now + _years(SERVER_YEARS)
            )
            _write(files.key_file, _key_pem(key))
            _write(files.cert_file, _pem(certificate))
    return files


def new_authority(name: str, *, now: datetime, loopback_only: bool = True) -> Authority:
    """A new, self-signed authority, valid for ten years; unless told otherwise it may sign for loopback names alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + _years(CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
    )
    if loopback_only:
        permitted = [
            x509.DNSName("localhost"),
            x509.IPAddress(ip_network("127.0.0.1/32")),
            x509.IPAddress(ip_network("::1/128")),
        ]
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def issue(
    authority: Authority, names: Sequence[str], *, not_before: datetime, not_after: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A server certificate for `names` (host names and addresses), signed by `authority`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return certificate, key


def write_chain(
    directory: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    """Writes `name`.pem and `name`-key.pem and returns their paths."""
    cert_file, key_file = directory / f"{name}.pem", directory / f"{name}-key.pem"
    _write(key_file, _key_pem(key))
    _write(cert_file, _pem(certificate))
    return cert_file, key_file


def write_authority(path: Path, authority: Authority) -> Path:
    """Writes the certificate that clients are to trust."""
    _write(path, _pem(authority.certificate))
    return path


def _authority_in(directory: Path, *, now: datetime) -> Authority | None:
    """The authority in `directory`, unless it is missing, damaged or near its end."""
    try:
        certificate = x509.load_pem_x509_certificate((directory / "ca.pem").read_bytes())
        key = serialization.load_pem_private_key((directory / "ca-key.pem").read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Authority(certificate, key) if _is_fresh(certificate, now=now) else None


def _serves(files: CertificateFiles, authority: Authority, *, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.cert_file.read_bytes())
        key = serialization.load_pem_private_key(files.key_file.read_bytes(), None)
        certificate.verify_directly_issued_by(authority.certificate)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    return (
        isinstance(key, ec.EllipticCurvePrivateKey)
        and key.public_key() == certificate.public_key()
        and _is_fresh(certificate, now=now)
    )


def _is_fresh(certificate: x509.Certificate, *, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        address: IPv4Address | IPv6Address = ip_address(name)
    except ValueError:
        return x509.DNSName(name)
    return x509.IPAddress(address)


def _years(count: int) -> timedelta:
    return timedelta(days=365 * count)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Replaces a file in one step, with mode 600 from its first byte."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    fresh.replace(path)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(directory / ".certificates.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
