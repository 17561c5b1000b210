"""What can be said of docker/ without a Docker engine: it parses, it hangs together, it is closed."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from engine.cli import make_parser

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
PACKAGE_LIST = "scripts/packages/asterisk.txt"


def test_image_and_development_install_the_same_list() -> None:
    setup = (ROOT / "scripts/setup").read_text()

    assert f"COPY {PACKAGE_LIST} " in (DOCKER / "asterisk.Dockerfile").read_text()
    assert '"$packages/asterisk.txt"' in setup
    assert "asterisk\n" in (ROOT / PACKAGE_LIST).read_text()


@pytest.mark.parametrize("name", ["asterisk.Dockerfile", "usher.Dockerfile"])
def test_what_an_image_copies_is_there_and_not_ignored(name: str) -> None:
    text = (DOCKER / name).read_text()
    kept = (DOCKER / f"{name}.dockerignore").read_text().splitlines()

    copies = re.findall(r"^COPY (.*)$", text, re.MULTILINE)
    assert copies
    for line in copies:
        if line.startswith("--from="):
            continue
        for source in line.split()[:-1]:
            assert (ROOT / source).exists()
            assert any(
                source == k[1:] or source.startswith(k[1:] + "/") for k in kept if k[0] == "!"
            )


def test_images_run_as_the_same_unprivileged_user() -> None:
    for name in ("asterisk.Dockerfile", "usher.Dockerfile"):
        text = (DOCKER / name).read_text()
        assert "--uid 5060" in text
        assert re.search(r"^USER (asterisk|usher)$", text, re.MULTILINE)


def test_services_refer_to_what_exists() -> None:
    built = {service["image"] for service in SERVICES.values() if "build" in service}
    for service in SERVICES.values():
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).exists()
            assert (DOCKER / service["build"]["context"]).resolve() == ROOT
        else:
            assert service["image"] in built or service["image"].startswith("postgres:")
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        mode = service.get("network_mode", "none")
        assert mode == "none" or mode.removeprefix("service:") in SERVICES
        for volume in service.get("volumes", []):
            source = re.sub(r"\$\{[^}]*\}", "./x", volume).split(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"]


def test_ports_are_published_on_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert published
    for port in published:
        assert re.match(r"(127\.0\.0\.1|\$\{USHER_SIP_ADDRESS:-127\.0\.0\.1\}):", port)
        assert ":8088" not in port
        assert ":5038" not in port


def test_no_password_stands_in_the_files() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name:
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")
    assert "secrets/" in (DOCKER / ".gitignore").read_text().splitlines()


def test_passwords_are_random_private_and_kept(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets"
    script.write_text((DOCKER / "make-secrets").read_text())
    script.chmod(0o700)
    subprocess.run([script, "postgres", "ari"], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    assert set(made) == {"postgres", "ari"}
    assert len(set(made.values())) == 2
    assert all(re.fullmatch(r"[\w-]{32}", secret) for secret in made.values())
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "secrets").iterdir())
    subprocess.run([script, "postgres"], check=True, capture_output=True)
    assert (tmp_path / "secrets/postgres").read_text() == made["postgres"]
    assert subprocess.run([script, "../x"], check=False, capture_output=True).returncode == 2
    assert os.access(DOCKER / "make-secrets", os.X_OK)


@pytest.mark.parametrize("service", ["render", "usher"])
def test_commands_are_ones_that_usher_has(service: str) -> None:
    arguments = [str(argument) for argument in SERVICES[service]["command"]]

    options = make_parser().parse_args(arguments)

    targets = [word for word in arguments if word == "/etc/asterisk"]
    assert len(targets) == 1
    assert Path("/etc/asterisk") in vars(options).values()
