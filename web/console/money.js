// The account: balance, spending against budgets, and the drift between account and ledger.
import { get } from "./api.js";
import { day, el, money, percent, refill, table, tiles } from "./format.js";

const meter = (row) => el("meter", {
  min: 0, max: row.cap, low: row.cap * 0.8, high: row.cap * 0.95, optimum: 0, value: Math.min(row.spent, row.cap),
  "aria-label": `${row.name}: ${percent(row.spent / row.cap)} spent`,
});

export function open(root) {
  const body = el("div");
  root.append(el("h1", {}, "Money"), body);
  const refresh = async () => {
    const answer = await get("balance");
    const currency = answer.currency ?? "";
    refill(body,
      tiles([
        ["Balance", money(answer.balance), `${currency}${answer.sandbox ? ", sandbox" : ""}`],
        ["This hour", money(answer.spent_this_hour), `${currency} spent`],
        ["Today", money(answer.spent_today), `${currency} spent, UTC`],
        ["This month", money(answer.spent_this_month), `${currency} spent, UTC`],
        ["Drift", money(answer.ledger_drift), "left the account beyond the ledger"],
      ]),
      table("Budgets", [
        ["Budget", (row) => (row.only ? `${row.name}, ${row.only}` : row.name), true],
        ["Period", (row) => row.period, true],
        ["Spent", (row) => money(row.spent)],
        ["Cap", (row) => money(row.cap)],
        ["Used", (row) => percent(row.cap > 0 ? row.spent / row.cap : null)],
        ["", (row) => (row.cap > 0 ? meter(row) : ""), true],
        ["Ends", (row) => day(row.ends_at), true],
      ], answer.budgets, "No budget covers all spending, or one owner."));
  };
  return { every: 10, refresh };
}
