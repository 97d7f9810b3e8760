from __future__ import annotations

import signal

from django_safe_migrate import exceptions


def test_the_names_are_sorted_and_complete() -> None:
    defined = sorted(
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, Exception)
    )
    assert exceptions.__all__ == defined


def test_every_error_has_an_exit_code_of_its_own() -> None:
    classes = [getattr(exceptions, name) for name in exceptions.__all__]
    codes = [error.exit_code for error in classes]
    assert len(set(codes)) == len(codes)
    assert all(str(code) in (exceptions.__doc__ or "") for code in codes)


def test_a_failure_says_three_things() -> None:
    error = exceptions.MigrationFailed(
        "Applying shop.0002 failed.", changed="Nothing was left behind.", next_command="safemigrate"
    )
    assert str(error) == (
        "Applying shop.0002 failed.\nNothing was left behind.\nNext: python manage.py safemigrate"
    )


def test_what_was_changed_is_never_left_open() -> None:
    assert str(exceptions.UnsafePlan("No.")) == "No.\nThe database was not changed."
    assert exceptions.MigrationFailed("No.").changed == (
        "The database may be part-way: run migrate_status to see what is applied."
    )


def test_an_interruption_has_the_exit_code_of_its_signal() -> None:
    assert exceptions.Interrupted("Stopped.", signal_number=signal.SIGTERM).exit_code == 143
    assert exceptions.Interrupted("Stopped.", signal_number=signal.SIGINT).exit_code == 130
