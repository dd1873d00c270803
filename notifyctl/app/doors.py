"""The parts that take what shops hand over by HTTP."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from notifyctl.errors import UnknownHook

if TYPE_CHECKING:
    import redis

    from notifyctl.engine.pseudonyms import Pseudonyms
    from notifyctl.hooks import Hook
    from notifyctl.notifier import Notifier
    from notifyctl.reception import MessageReader, OrderReader, Reception
    from notifyctl.settings import Settings
    from notifyctl.templates.catalog import Catalog

__all__ = ["Doors"]


class Doors:
    """Built on demand.

    Args:
        settings: What they are built from.
        catalog: The templates.
        notifier: Queues what is handed over.
        client: A client that gives up soon.
        pseudonyms: Make the hashes that stand for keys.
    """

    def __init__(
        self, settings: Settings, catalog: Catalog, notifier: Notifier, client: redis.Redis, pseudonyms: Pseudonyms
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._notifier = notifier
        self._client = client
        self._pseudonyms = pseudonyms

    @cached_property
    def reception(self) -> Reception:
        """Queues what requests ask for."""
        from notifyctl.reception import Reception, Repeats

        return Reception(self._notifier, Repeats(self._client, self._settings.namespace, self._pseudonyms))

    @cached_property
    def orders(self) -> OrderReader:
        """Reads orders."""
        from notifyctl.reception import OrderReader

        return OrderReader(self._settings, self._catalog, self._notifier)

    @cached_property
    def messages(self) -> MessageReader:
        """Reads single messages."""
        from notifyctl.reception import MessageReader

        return MessageReader(self._notifier)

    def hook(self, platform: str) -> Hook:
        """What tells a platform's deliveries from forgeries.

        Raises:
            UnknownHook: There is no such platform, or nothing is set for it.
        """
        hook = self._hooks.get(platform)
        if hook is None:
            raise UnknownHook(
                f"no hook is set up for {platform}" if platform in PLATFORMS else "there is no such platform",
                hint=f"Platforms: {', '.join(PLATFORMS)}; each needs the secret that it signs with, in the settings.",
            )
        return hook

    @cached_property
    def _hooks(self) -> dict[str, Hook]:
        from notifyctl.hooks import Saleor, Shopify, Square, WooCommerce

        hooks = self._settings.hooks
        found: dict[str, Hook] = {}
        if hooks.shopify.secrets:
            found["shopify"] = Shopify(hooks.shopify.secrets)
        if hooks.woocommerce.secrets:
            found["woocommerce"] = WooCommerce(hooks.woocommerce.secrets)
        if hooks.saleor.secrets or hooks.saleor.url:
            found["saleor"] = Saleor(hooks.saleor.secrets, hooks.saleor.url or "")
        if hooks.square.secrets:
            found["square"] = Square(hooks.square.secrets, hooks.square.url)
        return found


#: Whose deliveries can be told from forgeries.
PLATFORMS = ("shopify", "woocommerce", "saleor", "square")
