"""What Django's ``migrate`` does around its executor: receivers, ``pre_migrate``, syncdb, ``post_migrate``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db.migrations.state import ModelState
from django.utils.module_loading import module_has_submodule

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration
    from django.db.migrations.state import ProjectState


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """How the signals are sent and which apps without migrations are synchronised."""

    verbosity: int
    interactive: bool
    stdout: Any
    sync_apps: Callable[[BaseDatabaseWrapper, Container[str]], None]
    unmigrated_apps: tuple[str, ...] = ()

    def before(
        self,
        connection: BaseDatabaseWrapper,
        state: ProjectState,
        plan: list[tuple[Migration, bool]],
    ) -> None:
        """Send ``pre_migrate`` and create the tables of apps without migrations, when asked for."""
        emit_pre_migrate_signal(
            self.verbosity,
            self.interactive,
            connection.alias,
            stdout=self.stdout,
            apps=state.apps,
            plan=plan,
        )
        if self.unmigrated_apps:
            self.sync_apps(connection, self.unmigrated_apps)

    def after(
        self,
        connection: BaseDatabaseWrapper,
        state: ProjectState,
        plan: list[tuple[Migration, bool]],
    ) -> None:
        """Send ``post_migrate`` with every model of the final state: content types and permissions are made here."""
        render_real_models(state)
        emit_post_migrate_signal(
            self.verbosity,
            self.interactive,
            connection.alias,
            stdout=self.stdout,
            apps=state.apps,
            plan=plan,
        )


def register_receivers() -> None:
    """Import the ``management`` module of every app, which registers receivers of the signals."""
    for app_config in apps.get_app_configs():
        if app_config.module is not None and module_has_submodule(app_config.module, "management"):
            import_module(".management", app_config.name)


def render_real_models(state: ProjectState) -> None:
    """
    Render models of apps without migrations again, with the relations they have in the final state.

    The same steps as in ``django.core.management.commands.migrate``, which explains them.
    """
    state.clear_delayed_apps_cache()
    state_apps = state.apps
    with state_apps.bulk_update():
        model_keys = []
        for model_state in state_apps.real_models:
            key = model_state.app_label, model_state.name_lower
            model_keys.append(key)
            state_apps.unregister_model(*key)
    state_apps.render_multiple([ModelState.from_model(apps.get_model(*key)) for key in model_keys])
