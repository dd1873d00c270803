// A shop: it keeps orders in memory, and hands them to notifyctl.
//
//   NOTIFY_URL=http://127.0.0.1:8765 NOTIFY_TOKEN=ntf_… node server.js

import express from "express";
import { Notifyctl } from "./notifyctl.js";
import { orderRoutes } from "./orders.js";

const { NOTIFY_URL: url = "http://127.0.0.1:8765", NOTIFY_TOKEN: token, PORT: port = "3000" } = process.env;
if (!token) {
  console.error("NOTIFY_TOKEN is not set: 'notifyctl token create shop --role producer' makes one");
  process.exit(3);
}

const kept = new Map();
const orders = {
  add(wanted) {
    if (kept.has(wanted.id)) return kept.get(wanted.id); // the customer pressed twice
    const order = { currency: "EUR", ...wanted, id: wanted.id ?? crypto.randomUUID(), createdAt: new Date().toISOString() };
    kept.set(order.id, order);
    return order;
  },
  find: (id) => kept.get(id),
};

const app = express();
app.use(express.json());
app.use("/orders", orderRoutes({ notifyctl: new Notifyctl({ url, token }), orders }));

const server = app.listen(Number(port), "127.0.0.1", () => {
  console.log(`shop on http://127.0.0.1:${server.address().port}`);
});
