"""Certificates: made once, renewed before they expire, readable by their owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from outreach_site.sandbox.ca import certificates_in

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_second_call_changes_nothing(tmp_path: Path) -> None:
    files = certificates_in(tmp_path, now=NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert certificates_in(tmp_path, now=NOW + timedelta(days=300)) == files
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    certificates_in(tmp_path, now=NOW)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("*.pem")} == {0o600}


def test_the_server_certificate_is_renewed_and_the_authority_stays(tmp_path: Path) -> None:
    files = certificates_in(tmp_path, now=NOW)
    authority, server = files.ca_file.read_bytes(), files.cert_file.read_bytes()
    later = NOW + timedelta(days=2 * 365 - 30)
    certificates_in(tmp_path, now=later)
    assert files.ca_file.read_bytes() == authority
    assert files.cert_file.read_bytes() != server
    renewed = x509.load_pem_x509_certificate(files.cert_file.read_bytes())
    assert renewed.not_valid_after_utc > later + timedelta(days=365)


def test_an_authority_near_its_end_is_replaced_with_its_server(tmp_path: Path) -> None:
    files = certificates_in(tmp_path, now=NOW)
    authority = files.ca_file.read_bytes()
    certificates_in(tmp_path, now=NOW + timedelta(days=3640))
    assert files.ca_file.read_bytes() != authority
    issuer = x509.load_pem_x509_certificate(files.ca_file.read_bytes())
    x509.load_pem_x509_certificate(files.cert_file.read_bytes()).verify_directly_issued_by(issuer)


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "server.pem", "server-key.pem"])
def test_a_damaged_file_is_replaced(tmp_path: Path, name: str) -> None:
    certificates_in(tmp_path, now=NOW)
    (tmp_path / name).write_text("gone")
    files = certificates_in(tmp_path, now=NOW)
    issuer = x509.load_pem_x509_certificate(files.ca_file.read_bytes())
    x509.load_pem_x509_certificate(files.cert_file.read_bytes()).verify_directly_issued_by(issuer)


def test_it_can_sign_for_loopback_alone(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(certificates_in(tmp_path, now=NOW).ca_file.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    permitted = {str(name.value) for name in constraints.value.permitted_subtrees or ()}
    assert permitted == {"localhost", "127.0.0.1/32", "::1/128"}


def test_several_at_once_get_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: certificates_in(tmp_path, now=NOW).ca_file.read_bytes(), range(4)))
    assert len(set(found)) == 1
