"""The tables of shop systems' hooks: what their deliveries are signed with. A platform without is not listened to."""

from __future__ import annotations

from typing import Annotated

from pydantic import SecretStr, model_validator

from notifyctl.settings.fields import BaseUrl, WebAddress  # noqa: TC001 - pydantic reads the annotations
from notifyctl.settings.sections import Env, Section

__all__ = [
    "HooksSettings",
    "SaleorHookSettings",
    "ShopifyHookSettings",
    "SquareHookSettings",
    "WooCommerceHookSettings",
]


class _Signed(Section):
    """A platform whose deliveries are signed with a secret.

    Attributes:
        secret: What it signs with.
        previous_secret: What it signed with before, as long as deliveries may still come with it.
    """

    secret: SecretStr | None = None
    previous_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _whole(self) -> _Signed:
        if self.previous_secret is not None and self.secret is None:
            raise ValueError("{previous_secret} is of no use without {secret}")
        return self

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """All that may have signed."""
        given = (self.secret, self.previous_secret)
        return tuple(one.get_secret_value().encode() for one in given if one is not None)


class ShopifyHookSettings(_Signed):
    """Shopify: `secret` is the app's client secret, or what the admin shows below its list of webhooks."""

    secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SHOPIFY_SECRET")] = None
    previous_secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SHOPIFY_PREVIOUS_SECRET")] = None


class WooCommerceHookSettings(_Signed):
    """WooCommerce: `secret` is the webhook's own."""

    secret: Annotated[SecretStr | None, Env("NOTIFYCTL_WOOCOMMERCE_SECRET")] = None
    previous_secret: Annotated[SecretStr | None, Env("NOTIFYCTL_WOOCOMMERCE_PREVIOUS_SECRET")] = None


class SaleorHookSettings(_Signed):
    """Saleor.

    Attributes:
        url: Its server, whose keys sign.
        secret: Of webhooks with a secret key, which Saleor advises against.
    """

    url: Annotated[BaseUrl | None, Env("NOTIFYCTL_SALEOR_URL")] = None
    secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SALEOR_SECRET")] = None
    previous_secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SALEOR_PREVIOUS_SECRET")] = None


class SquareHookSettings(_Signed):
    """Square.

    Attributes:
        url: The subscription's notification URL, to the letter: it is signed with the body.
        secret: The subscription's signature key.
    """

    url: Annotated[WebAddress, Env("NOTIFYCTL_SQUARE_URL")] = ""
    secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SQUARE_SECRET")] = None
    previous_secret: Annotated[SecretStr | None, Env("NOTIFYCTL_SQUARE_PREVIOUS_SECRET")] = None

    @model_validator(mode="after")
    def _addressed(self) -> SquareHookSettings:
        if (self.secret is None) != (not self.url):
            raise ValueError("{url} and {secret} are of no use without each other")
        return self


class HooksSettings(Section):
    """Whose deliveries are taken, under ``/api/hooks/<platform>``."""

    shopify: ShopifyHookSettings = ShopifyHookSettings()
    woocommerce: WooCommerceHookSettings = WooCommerceHookSettings()
    saleor: SaleorHookSettings = SaleorHookSettings()
    square: SquareHookSettings = SquareHookSettings()
