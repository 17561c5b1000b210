"""Secrets: fetched, private, never shown; every failure names its place and what to do."""

import copy
import json
import os
import pickle

import pytest

from engine.config import ConfigError, Secret, resolve_secrets
from engine.config.forms import SecretFromEnvironment, SecretFromFile
from engine.config.secrets import SECRET_BYTES_MAX, SecretUnavailable, fetch
from tests.support.config_files import BASE, changed, loaded

pytestmark = pytest.mark.unit

ENVIRON = {"ARI": "a-ri", "AMI": "a-mi", "ANN": "ann1", "BEN": "ben1"}


def secret_file(directory, content, mode=0o600):
    path = directory / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return SecretFromFile(file="secret")


def test_secrets_come_from_the_environment_and_from_files(tmp_path):
    text = changed(BASE, "{env: ANN}", "{file: secret}")
    text += f"settings: {{secrets_directory: {tmp_path}}}\n"
    secret_file(tmp_path, b"from-file\n")
    configuration = loaded(tmp_path, text)
    secrets = resolve_secrets(configuration, ENVIRON)
    assert secrets.of(configuration.extensions["1001"].password).reveal() == "from-file"
    assert secrets.of(configuration.extensions["1002"].password).reveal() == "ben1"
    assert secrets.of(configuration.nodes["main"].ari.password).reveal() == "a-ri"


def test_all_missing_secrets_are_told_at_once_with_their_places(tmp_path):
    text = changed(BASE, "{env: ANN}", "{file: extensions/1001}")
    text += f"settings: {{secrets_directory: {tmp_path}/s}}\n"
    configuration = loaded(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        resolve_secrets(configuration, {"AMI": ""})
    assert str(caught.value).replace(f"{tmp_path}/", "").splitlines() == [
        "a.yaml:3: nodes.main.ari.password - the environment variable ARI is not set",
        "a.yaml:4: nodes.main.ami.password - the environment variable AMI is empty",
        (
            "a.yaml:8: extensions.1001.password - s/extensions/1001 does not exist:"
            " write the secret there, with mode 600"
        ),
        "a.yaml:9: extensions.1002.password - the environment variable BEN is not set",
    ]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601, 0o777])
def test_a_file_that_others_may_use_is_refused_with_what_to_do(tmp_path, mode):
    reference = secret_file(tmp_path, b"hunter2", mode)
    with pytest.raises(SecretUnavailable) as caught:
        fetch(reference, tmp_path, {})
    path = tmp_path / "secret"
    assert str(caught.value) == (
        f"{path} may be read by others (mode {mode:04o}): run chmod 600 {path}"
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read_without_its_line_end(tmp_path, mode):
    assert fetch(secret_file(tmp_path, b" hunter 2 \r\n", mode), tmp_path, {}) == Secret(
        " hunter 2 "
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"a\nb\n", "has more than one line, or a control character"),
        (b"a\x00b", "has more than one line, or a control character"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x" * (SECRET_BYTES_MAX + 1), f"has more than {SECRET_BYTES_MAX} bytes"),
    ],
)
def test_odd_contents_are_refused_without_showing_them(tmp_path, content, why):
    with pytest.raises(SecretUnavailable) as caught:
        fetch(secret_file(tmp_path, content), tmp_path, {})
    assert str(caught.value) == f"{tmp_path}/secret {why}"


def test_a_directory_or_a_pipe_is_no_secret(tmp_path):
    (tmp_path / "secret").mkdir()
    with pytest.raises(SecretUnavailable, match="secret cannot be read: Is a directory"):
        fetch(SecretFromFile(file="secret"), tmp_path, {})
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SecretUnavailable, match="pipe is not a file"):
        fetch(SecretFromFile(file="pipe"), tmp_path, {})


def test_an_environment_variable_of_two_lines_is_refused():
    with pytest.raises(SecretUnavailable, match="A has more than one line"):
        fetch(SecretFromEnvironment(env="A"), None, {"A": "x\ny"})


@pytest.mark.parametrize("password", ["with blank", "back\\slash", "ümlaut"])
def test_what_asterisks_files_cannot_hold_is_refused_at_its_place(tmp_path, password):
    configuration = loaded(tmp_path, BASE)
    with pytest.raises(ConfigError) as caught:
        resolve_secrets(configuration, ENVIRON | {"BEN": password})
    [problem] = caught.value.problems
    assert problem.path == "extensions.1002.password"
    assert password not in str(problem)


def test_the_databases_password_may_be_anything_on_one_line(tmp_path):
    text = BASE + "settings: {database: {url: 'postgresql://u@db/x', password: {env: DB}}}\n"
    configuration = loaded(tmp_path, text)
    secrets = resolve_secrets(configuration, ENVIRON | {"DB": "ü \\ x"})
    assert secrets.of(configuration.settings.database.password).reveal() == "ü \\ x"


@pytest.mark.parametrize("path", ["/etc/shadow", "../x", "a/../../x", ".."])
def test_files_outside_the_secrets_directory_are_refused(path):
    with pytest.raises(ValueError, match="inside the secrets directory"):
        SecretFromFile(file=path)


def test_a_secret_shows_itself_to_nobody_but_who_asks():
    secret = Secret("hunter2")
    shown = [
        str(secret),
        repr(secret),
        f"{secret} {secret!r} {secret:>20}",
        f"{secret} {secret!r}",
        repr([secret, {"a": secret}]),
    ]
    assert "hunter2" not in "".join(shown)
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2") != Secret("other")
    assert len({secret, Secret("hunter2")}) == 1


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_a_secret_is_neither_copied_nor_written(leak):
    with pytest.raises(TypeError):
        leak(Secret("hunter2"))
