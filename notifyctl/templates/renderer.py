"""Fill in a template: one sandboxed Jinja2 environment, strict about what is missing.

- A variable that is not there is an error that names it; a null counts as not there.
- Only ``*.html.j2`` is escaped: text and subjects are not markup.
- Data is never a template: what a customer typed is put in once, as it is.
- ``{% trans %}`` and ``_("…")`` are put into the language that is asked for.

Error messages name variables and templates, never a value. Knows no channel and no file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from notifyctl.errors import RenderError
from notifyctl.templates.filters import FILTERS
from notifyctl.templates.language import Language, gettext, ngettext, npgettext, pgettext, speaking

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Template

__all__ = ["CONTROL", "Renderer"]

#: What no header and no WhatsApp variable may hold: C0 and C1 controls, and Unicode's line separators.
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: What a wrong value makes an expression raise. Their texts may quote the value, so they are not passed on.
_VALUE_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Renderer:
    """Renders templates by name, or given as text. Safe to use from several threads; compiles each once.

    Args:
        loader: Finds a template's source by its name.
    """

    def __init__(self, loader: BaseLoader) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=_is_html,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.filters.update(FILTERS)
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
        )
        self._environment.policies["ext.i18n.trimmed"] = True

    def compile(self, source: str, *, name: str) -> Template:
        """Return a template that is given as text; nothing in it is escaped.

        Raises:
            RenderError: If it is not a template.
        """
        try:
            return self._environment.from_string(source)
        except TemplateSyntaxError as error:
            raise _broken(error, name) from error

    def render(
        self,
        template: str | Template,
        variables: Mapping[str, Any],
        *,
        language: Language | None = None,
        name: str = "",
    ) -> str:
        """Return a template with its variables put in.

        Args:
            template: The name that the loader knows it by, or what `compile` returned.
            variables: What the template may use; ``language`` and ``direction``, as HTML wants them, join it.
            language: What it is written in; English by default.
            name: What error messages call it; the template's own name by default.

        Raises:
            RenderError: If the template is broken, or a variable is missing or unusable.
        """
        label = name or str(template)
        language = language or Language()
        values = _without_nulls(variables) | {"language": language.tag, "direction": language.direction}
        try:
            compiled = self._environment.get_template(template) if isinstance(template, str) else template
            with speaking(language):
                return compiled.render(values)
        except RenderError as error:
            raise RenderError(f"{label} cannot be filled in: {error.message}", hint=error.hint) from error
        except UndefinedError as error:
            raise RenderError(
                f"{label} cannot be filled in: {error.message}",
                hint="Pass the variable, or let the template do without it.",
            ) from error
        except TemplateSyntaxError as error:
            raise _broken(error, label) from error
        except TemplateNotFound as error:
            raise RenderError(f"{label} needs {error.name}, which does not exist") from error
        except (TemplateError, *_VALUE_ERRORS) as error:
            reason = "a variable has a value that the template cannot use"
            raise RenderError(f"{label} cannot be filled in: {reason} ({type(error).__name__})") from None

    def references(self, source: str, *, name: str) -> list[str]:
        """Return the templates that a source extends, includes or imports by name.

        Raises:
            RenderError: If it is not a template.
        """
        try:
            found = meta.find_referenced_templates(self._environment.parse(source))
            return [reference for reference in found if reference]
        except TemplateSyntaxError as error:
            raise _broken(error, name) from error

    def marked(self, source: str, *, name: str) -> list[tuple[str, str | tuple[str | None, ...]]]:
        """Return the texts in a source that are marked for translation, with the function that marks them.

        Raises:
            RenderError: If it is not a template.
        """
        try:
            extract = self._environment.extract_translations  # type: ignore[attr-defined]
            return [(function, texts) for _, function, texts in extract(source)]
        except TemplateSyntaxError as error:
            raise _broken(error, name) from error


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html.j2")


def _broken(error: TemplateSyntaxError, label: str) -> RenderError:
    where = error.name or label
    return RenderError(f"{where}, line {error.lineno}, is not a Jinja2 template: {error.message}")


def _without_nulls(value: Any) -> Any:
    """Return the value without the keys that hold null, so that nobody is greeted as None."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
