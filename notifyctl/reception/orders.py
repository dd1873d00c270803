"""From a request's body to the messages of its orders: all of it can be used, or none is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from notifyctl.errors import IdempotencyConflict, InvalidOrder, InvalidOrders, Overtaken
from notifyctl.notifier import Options
from notifyctl.orders import OrderEvent, Shop, load_payloads, order_notifications, parse_orders, require_templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notifyctl.notification import Channel
    from notifyctl.notifier import Notifier
    from notifyctl.notifier.drafts import Draft
    from notifyctl.orders import Order, Outcome, Planned, Platform
    from notifyctl.settings import Settings
    from notifyctl.templates.catalog import Catalog

__all__ = ["OrderReader", "OrdersPlan"]

#: So many orders may come in one request: it is answered at once, as are those behind it.
MAX_ORDERS: Final = 500


@dataclass(frozen=True, slots=True)
class _Told:
    """An order, and what follows from it."""

    order: Order
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class OrdersPlan:
    """What follows from the orders of a request."""

    told: Sequence[_Told]
    drafts: Sequence[Draft]

    @property
    def superseded(self) -> list[tuple[Channel, str]]:
        """What must not go any more."""
        return [pair for one in self.told for pair in one.outcome.superseded]

    def answer(self, queued: Sequence[Any] | None, superseded: int) -> dict[str, Any]:
        """Return what the shop hears, order by order."""
        answers = iter(queued or ())
        orders = [self._record(one, answers, dry_run=queued is None) for one in self.told]
        spooled = any(getattr(answer, "spooled", False) for answer in queued or ())
        record = {"orders": orders, "superseded": superseded, "spooled": spooled}
        return record if queued is not None else {**record, "dry_run": True}

    def _record(self, told: _Told, answers: Iterator[Any], *, dry_run: bool) -> dict[str, Any]:
        planned: list[dict[str, Any]] = []
        skipped = [{"queue": one.channel.value, "reason": one.reason} for one in told.outcome.skipped]
        for plan in told.outcome.planned:
            message = {"queue": plan.notification.channel.value, "template": plan.notification.template}
            answer = None if dry_run else next(answers)
            if answer is None:
                planned.append(message)
            elif isinstance(answer, Overtaken):
                skipped.append({"queue": message["queue"], "reason": plan.overtaken})
            elif isinstance(answer, IdempotencyConflict):
                planned.append({"id": answer.job_id, **message, "known": True, "changed": True})
            elif isinstance(answer, Exception):
                raise answer
            else:
                planned.append({"id": answer.id, **message, "known": answer.known, "changed": False})
        return {"order": told.order.id, "number": told.order.number, "planned": planned, "skipped": skipped}


class OrderReader:
    """Reads orders. Safe to use from several threads.

    Args:
        settings: What each event sends, and what is known of the shop.
        catalog: The templates.
        notifier: Checks messages.
    """

    def __init__(self, settings: Settings, catalog: Catalog, notifier: Notifier) -> None:
        self._settings = settings
        self._catalog = catalog
        self._notifier = notifier

    @cached_property
    def _shop(self) -> Shop:
        """What is known of the shop; that all templates are there is looked at once.

        Raises:
            ConfigError: An event is to send a template that does not exist.
        """
        require_templates(self._settings.messages, self._catalog)
        orders = self._settings.orders
        return Shop(
            cod_methods=frozenset(name.casefold() for name in orders.cod_methods),
            confirm_authorized=orders.confirm_authorized,
            locale=orders.locale,
        )

    def read(
        self,
        body: bytes,
        *,
        shop: str = "",
        event: OrderEvent | None = None,
        platform: Platform | None = None,
        topic: str = "",
    ) -> OrdersPlan:
        """Return what follows from an order, or from an array of them.

        Args:
            body: JSON in UTF-8.
            shop: Whose orders; where they do not say so themselves.
            event: What happened; what each says by default.
            platform: Whose format; told by its shape by default.
            topic: What a webhook was sent as.

        Raises:
            InvalidOrders: Some cannot be used; it says which, and where.
            InvalidInput: A message cannot be filled in.
            ConfigError: An event is to send a template that does not exist.
        """
        known = replace(self._shop, name=shop) if shop else self._shop
        orders: list[Order] = []
        faults: list[InvalidOrder] = []
        for place, payload in load_payloads(body, most=MAX_ORDERS):
            for one in (
                [payload]
                if isinstance(payload, InvalidOrder)
                else parse_orders(payload, shop=known, platform=platform, topic=topic)
            ):
                if isinstance(one, InvalidOrder):
                    faults.append(InvalidOrder(one.message, path=place + one.path, hint=one.hint))
                else:
                    orders.append(one)
        if faults:
            raise InvalidOrders(faults)
        told = [_Told(order, self._outcome(order, event)) for order in orders]
        return OrdersPlan(told, [self._draft(plan) for one in told for plan in one.outcome.planned])

    def _outcome(self, order: Order, event: OrderEvent | None) -> Outcome:
        region = self._settings.default_region
        if region and not order.phone_region:
            order = replace(order, phone_region=region)
        return order_notifications(order, event, messages=self._settings.messages, catalog=self._catalog)

    def _draft(self, plan: Planned) -> Draft:
        options = Options(
            idempotency_key=plan.idempotency_key,
            unless=plan.unless,
            priority=plan.priority,
            delay=plan.delay or None,
            expires=plan.expires_after,
        )
        return self._notifier.draft(plan.notification, options, ours=True)
