// The order controller. Before, it rendered a mail and sent it, and the customer waited for the mail server; an order whose
// mail failed was an order without a mail. Now it hands the order over, and notifyctl sees to the rest.

import express from "express";
import { Refused } from "./notifyctl.js";

export function orderRoutes({ notifyctl, orders, log = console }) {
  const routes = express.Router();

  routes.post("/", async (request, response) => {
    const order = orders.add(request.body);
    const notifications = await tell(order, "placed");
    response.status(201).json({ order: order.id, notifications });
  });

  routes.post("/:id/cancel", async (request, response) => {
    const order = orders.find(request.params.id);
    if (!order) return response.status(404).json({ error: "there is no such order" });
    order.cancelled = true;
    // what was not sent yet of the order's other messages is taken back
    const notifications = await tell(order, "cancelled");
    return response.json({ order: order.id, notifications });
  });

  // An order is an order, whatever becomes of its messages: nothing here may fail it.
  async function tell(order, event) {
    try {
      const { orders: [told], spooled } = await notifyctl.takeOrder(asNotifyctlKnowsIt(order, event), {
        key: `${order.id}-${event}`,
      });
      return { planned: told.planned.length, skipped: told.skipped, spooled };
    } catch (error) {
      const detail = error instanceof Refused ? JSON.stringify(error.problem.errors ?? error.message) : error.message;
      log.error(`order ${order.id}, ${event}: ${detail}`);
      order.untold = [...(order.untold ?? []), event]; // to be told later, under the same key: nothing is sent twice
      return { planned: 0, skipped: [], failed: true };
    }
  }

  return routes;
}

/** Our order in notifyctl's words. Amounts are texts: 29.35 as a number is not exactly that. */
function asNotifyctlKnowsIt(order, event) {
  return {
    shop: "express-shop",
    id: order.id,
    event,
    created_at: order.createdAt,
    currency: order.currency,
    customer: { name: order.customer.name, email: order.customer.email, phone: order.customer.phone },
    items: order.items.map(({ name, quantity, cents }) => ({ name, quantity, total: amount(cents * quantity) })),
    totals: { total: amount(order.items.reduce((sum, { cents, quantity }) => sum + cents * quantity, 0)) },
    payment: { method: "Cash on delivery", cash_on_delivery: true },
  };
}

function amount(cents) {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}
