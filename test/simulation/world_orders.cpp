// Draws the next event of a history from the seed, with a bias towards recently used objects.

#include "surroundings.hpp"
#include "world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace otpd::simulation {

namespace asio = boost::asio;

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// How many recent sends are still used.
constexpr std::size_t recent_sends = 10;
constexpr std::size_t recent_challenges = 5;
constexpr std::size_t recent_hedges = 3;
constexpr int end_users = 3;
/// Whose browsers come back. All others are fresh.
constexpr int owners_devices = 4;
constexpr int fresh_devices = 100;
/// Has the form of an id and matches nothing.
constexpr std::size_t id_length = 64;

/// Longer than any history: deadlines use the real clock, which hardly advances.
deadline no_deadline() {
    return deadline::in(hours(1));
}

std::array<std::byte, 16> fingerprint_of(int content) {
    std::array<std::byte, 16> bytes{};
    std::memcpy(bytes.data(), &content, sizeof content);
    return bytes;
}

} // namespace

void world::begin_something() {
    auto const roll = chance_.below(1000);
    if (roll < 330) return begin_send();
    if (roll < 660) return begin_check();
    if (roll < 695) return begin_hedge();
    if (roll < 735) return begin_find();
    if (roll < 745) return begin_release();
    if (roll < 775) return begin_cancel();
    if (roll < 815) return begin_update();
    if (roll < 970) return let_time_pass();
    if (roll < 990) return give_up();
    if (roll < 995) return what_.loses_writes ? lose_writes() : crash(chance_.index(instances));
    if (roll < 998) return turn_the_clock();
    note(happening::sweep, none);
    backend_->sweep();
}

operation_id world::add(happening kind) {
    auto const op = static_cast<operation_id>(operations_.size());
    auto& added = operations_.emplace_back();
    added.kind = kind;
    added.instance = what_.loses_writes ? 0 : chance_.index(instances);
    added.slow = chance_.chance(200);
    added.began = store_now();
    return op;
}

/// Its result reaches heard(), unless its instance crashes.
template <class T>
void world::spawn(operation_id op, asio::awaitable<otp::outcome<T>> work) {
    auto hear = [this, op](std::exception_ptr const& thrown, otp::outcome<T> const& said) {
        heard(op, thrown, said);
    };
    asio::co_spawn(context_, std::move(work),
                   asio::bind_cancellation_slot(at(op).signal.slot(), std::move(hear)));
}

// --- sends --------------------------------------------------------------------------------------

scope world::draw_scope() {
    scope of;
    of.client = static_cast<int>(chance_.below(rules_.clients.size()));
    if (chance_.chance(500)) of.number = static_cast<int>(chance_.below(rules_.numbers.size()));
    of.purpose = static_cast<int>(chance_.below(rules_.purposes.size()));
    return of;
}

void world::begin_send() {
    auto const op = add(happening::send);
    send_order order;
    order.to = draw_scope();
    auto const roll = chance_.below(100);
    order.routes = {rules_.policy.default_route_id};
    if (roll < 25) order.routes = {chance_.one_of(rules_.routes)};
    if (roll >= 60) {
        order.routes.clear();
        for (auto const& step : rules_.policy.plans.front().steps)
            order.routes.push_back(step.route_id);
    }
    if (chance_.chance(500)) order.end_user = static_cast<int>(chance_.below(end_users));
    order.device = draw_device(op);
    order.content = static_cast<int>(op);
    if (!challenged_.empty() && chance_.chance(250)) draw_challenge(order);
    if (chance_.chance(250)) draw_key(order);
    if (order.idempotency_key >= 0) keyed_.push_back(op);
    at(op).send = order;
    note(happening::send, op, order.to.number, order.to.client * 10 + order.to.purpose,
         order.idempotency_key);
    model_.began(op, order, now());
    auto& service = *instances_[at(op).instance].service;
    turn(op, [&] { spawn(op, service.sender.send(request_of(op, order), no_deadline())); });
}

/// Mostly the refused send again, but perhaps for another purpose.
void world::draw_challenge(send_order& order) {
    auto const recent = std::min(challenged_.size(), recent_challenges);
    order.challenge = challenged_[challenged_.size() - 1 - chance_.index(recent)];
    if (chance_.chance(200)) return;
    auto const& refused = at(order.challenge).send;
    auto const purpose = order.to.purpose;
    order.to = refused.to;
    order.to.purpose = purpose;
    order.end_user = refused.end_user;
}

/// A new key, the same send again, or the same key for another send.
void world::draw_key(send_order& order) {
    if (keyed_.empty() || chance_.chance(400)) {
        order.idempotency_key = static_cast<int>(order.content);
        return;
    }
    auto const recent = std::min(keyed_.size(), recent_sends);
    auto const& before = at(keyed_[keyed_.size() - 1 - chance_.index(recent)]).send;
    if (chance_.chance(800)) {
        order = before;
    } else {
        order.idempotency_key = before.idempotency_key;
        order.to.client = before.to.client;
    }
}

/// Nothing is known of devices that a server has forgotten.
int world::draw_device(operation_id op) {
    auto const roll = chance_.below(100);
    if (roll < 40 || what_.loses_writes) return -1;
    return roll < 80 ? static_cast<int>(chance_.below(owners_devices))
                     : fresh_devices + static_cast<int>(op);
}

otp::caller world::caller_of(int client, int end_user, int device) const {
    otp::caller caller;
    caller.client = &rules_.clients[static_cast<std::size_t>(client)];
    caller.address = "192.0.2.1";
    if (end_user >= 0) caller.end_user_address = "198.51.100." + std::to_string(end_user);
    if (device >= 0) caller.device.emplace("device-" + std::to_string(device));
    return caller;
}

otp::send_request world::request_of(operation_id op, send_order const& order) const {
    otp::send_request request{
        caller_of(order.to.client, order.end_user, order.device),
        *phone_number::parse(rules_.numbers[static_cast<std::size_t>(order.to.number)]),
        *purpose::parse(rules_.purposes[static_cast<std::size_t>(order.to.purpose)])};
    if (order.is_planned())
        request.plan = rules_.policy.plans.front().name;
    else if (order.routes.front() != rules_.policy.default_route_id)
        request.route_id = order.routes.front();
    if (order.challenge != none)
        request.challenge_token = operations_.at(order.challenge).challenge_token;
    if (order.idempotency_key >= 0) {
        otp::idempotency_key idempotency;
        idempotency.key = "key-" + std::to_string(order.idempotency_key);
        idempotency.fingerprint = fingerprint_of(order.content);
        idempotency.write = [op](otp::sent const&) { return reply_of(op); };
        request.idempotency = std::move(idempotency);
    }
    return request;
}

// --- guesses ------------------------------------------------------------------------------------

std::optional<operation_id> world::draw_recent() {
    if (sends_.empty()) return std::nullopt;
    auto const recent = std::min(sends_.size(), recent_sends);
    return sends_[sends_.size() - 1 - chance_.index(recent)];
}

/// A send whose code a user can still type.
std::optional<operation_id> world::draw_live() {
    for (auto op = sends_.rbegin(); op != sends_.rend() && op - sends_.rbegin() < 20; ++op)
        if (chance_.chance(500) && !model_.live(model_.scope_of(*op), store_now()).empty())
            return *op;
    return draw_recent();
}

/// The right code, one that was right once, somebody else's, or one that never existed.
std::string world::draw_code(scope const& of, operation_id& owner) {
    auto const roll = chance_.below(100);
    auto const live = model_.live(of, store_now());
    owner = none;
    if (roll < 40 && !live.empty()) owner = chance_.one_of(live);
    if (roll >= 65)
        if (auto const other = draw_recent()) owner = *other;
    if (owner != none && !model_.code_of(owner).empty()) return model_.code_of(owner);
    std::string code;
    for (std::size_t n = 0; n < rules_.policy.code_length; ++n)
        code.push_back(static_cast<char>('0' + chance_.below(10)));
    return code;
}

void world::begin_check() {
    auto const op = add(happening::check);
    check_order order;
    auto const recent = chance_.chance(700) ? draw_live() : draw_recent();
    order.of = recent && !chance_.chance(100) ? model_.scope_of(*recent) : draw_scope();
    operation_id owner = none;
    order.code = draw_code(order.of, owner);
    order.with_id = chance_.chance(500);
    if (order.with_id && recent && !chance_.chance(50)) {
        auto const live = model_.live(order.of, store_now());
        order.id = live.empty() || chance_.chance(200) ? *recent : chance_.one_of(live);
    }
    if (chance_.chance(500)) order.end_user = static_cast<int>(chance_.below(end_users));
    order.device = draw_device(op);
    if (order.id != none && chance_.chance(600)) { // the user who asked for it
        order.end_user = at(order.id).send.end_user;
        order.device = at(order.id).send.device;
    }
    at(op).check = order;
    note(happening::check, op, order.of.number, order.of.client * 10 + order.of.purpose,
         owner == none ? -1 : static_cast<std::int64_t>(owner));
    auto& service = *instances_[at(op).instance].service;
    turn(op, [&] { spawn(op, service.verifier.verify(request_of(order))); });
}

otp::verify_request world::request_of(check_order const& order) {
    otp::verify_request request{
        caller_of(order.of.client, order.end_user, order.device),
        *phone_number::parse(rules_.numbers[static_cast<std::size_t>(order.of.number)]),
        *purpose::parse(rules_.purposes[static_cast<std::size_t>(order.of.purpose)]),
        *passcode::parse(order.code)};
    if (order.with_id) request.id = id_text(order.id);
    return request;
}

std::string world::id_text(operation_id of) {
    if (of == none) return std::string(id_length, '7');
    return surroundings::shared().keys.seal(at(of).at);
}

// --- a verification by its id -------------------------------------------------------------------

id_order world::draw_id() {
    id_order order;
    auto const recent = draw_recent();
    if (!recent || chance_.chance(30)) return order;
    order.id = *recent;
    order.client = model_.scope_of(*recent).client;
    if (chance_.chance(100)) order.client = 1 - order.client;
    return order;
}

void world::begin_find() {
    auto const op = add(happening::find);
    auto const order = draw_id();
    at(op).id = order;
    note(happening::find, op, order.client, order.id == none ? -1 : std::int64_t{order.id});
    auto& service = *instances_[at(op).instance].service;
    turn(op, [&] {
        spawn(op, service.verifications.find(caller_of(order.client, -1), id_text(order.id)));
    });
}

void world::begin_cancel() {
    auto const op = add(happening::cancel);
    auto const order = draw_id();
    at(op).id = order;
    note(happening::cancel, op, order.client, order.id == none ? -1 : std::int64_t{order.id});
    auto& service = *instances_[at(op).instance].service;
    turn(op, [&] {
        spawn(op, service.verifications.cancel(caller_of(order.client, -1), id_text(order.id)));
    });
}

// --- the operator -------------------------------------------------------------------------------

void world::begin_release() {
    auto const op = add(happening::release);
    auto const of = draw_scope();
    release_order const order{of.client, of.number, chance_.chance(700)};
    at(op).release = order;
    note(happening::release, op, order.number, order.client, order.of_locks ? 1 : 0);
    auto& service = *instances_[at(op).instance].service;
    turn(op, [&] { spawn(op, service.releaser.release(request_of(order))); });
}

otp::release_request world::request_of(release_order const& order) const {
    auto const& client = rules_.clients[static_cast<std::size_t>(order.client)];
    return {caller_of(order.client, -1), client.name,
            *phone_number::parse(rules_.numbers[static_cast<std::size_t>(order.number)]),
            order.of_locks ? store::release_part::locks : store::release_part::devices,
            "its owner asked"};
}

// --- what becomes of a message ------------------------------------------------------------------

/// First whether a message with an unknown outcome was sent at all, and its price; then its
/// delivery.
world::report world::draw_report(operation_id of, int known, bool is_hedge) {
    using enum store::delivery;
    auto const state = chance_.one_of({delivered, delivered, failed, accepted});
    if (known != static_cast<int>(unknown)) return {of, static_cast<int>(state), 0, is_hedge};
    auto const is = upstream_.of(is_hedge ? model_.hedge_of(of)->by : of);
    auto const& reserved = is_hedge ? model_.hedge_of(of)->reserved : model_.reserved(of);
    return {of, static_cast<int>(is.sent > 0 ? accepted : failed),
            is.charged - reserved.front().amount, is_hedge};
}

/// As the trackers of both instances would make it, sometimes twice.
void world::begin_update() {
    auto of = draw_recent();
    if (!hedged_.empty() && chance_.chance(400))
        of = hedged_[hedged_.size() - 1 - chance_.index(std::min(hedged_.size(), recent_hedges))];
    auto known = of ? model_.delivery_of(*of, store_now()) : std::nullopt;
    if (!known) return;
    auto const of_second = model_.hedge_delivery_of(*of, store_now());
    bool const is_settled = of_second && *of_second != static_cast<int>(store::delivery::queued);
    bool const is_hedge = is_settled && chance_.chance(500);
    if (is_hedge) known = of_second;
    auto const op = add(happening::update);
    auto& update = at(op);
    if (last_report_ && chance_.chance(300))
        update.report = *last_report_;
    else
        update.report = draw_report(*of, *known, is_hedge);
    last_report_ = update.report;
    note(happening::update, op, update.report.of,
         update.report.state + (update.report.is_hedge ? 10 : 0), update.report.correction);
    auto& through = *instances_[update.instance].store;
    auto hear = [this, op](std::exception_ptr const& thrown,
                           store::result<store::update_outcome> const& said) {
        heard_update(op, thrown, said);
    };
    turn(op, [&] {
        asio::co_spawn(context_, through.update(update_of(op)),
                       asio::bind_cancellation_slot(at(op).signal.slot(), std::move(hear)));
    });
}

store::delivery_update world::update_of(operation_id op) {
    auto const& report = at(op).report;
    store::delivery_update request;
    request.address = at(report.of).at;
    request.message = static_cast<store::delivery>(report.state);
    request.is_hedge = report.is_hedge;
    if (report.correction == 0) return request;
    auto const& second = model_.hedge_of(report.of);
    auto const& booked = at(report.is_hedge ? second->by : report.of);
    auto const purchase =
        purchase_of(report.of, report.is_hedge ? second->route : model_.route_of(report.of),
                    wall_time(virtual_clock::begins_at) + booked.booked_at);
    for (auto const& reservation : instances_[0].service->spending.reservations(purchase))
        request.adjustments.push_back({reservation.budget, report.correction});
    return request;
}

// --- everything else ----------------------------------------------------------------------------

void world::let_time_pass() {
    auto const roll = chance_.below(1000);
    instant most = seconds(2);
    if (roll >= 450) most = seconds(18);
    if (roll >= 780) most = minutes(1);
    if (roll >= 920) most = minutes(10);
    if (roll >= 980) most = hours(3);
    if (roll >= 996) most = hours(24);
    if (roll >= 999) most = days(200); // devices are known for 90 days
    instant const by(chance_.between(1, most.count()));
    // Stores are fast, so operations mostly wait for the upstream.
    if (!chance_.chance(150)) let_the_store_answer();
    note(happening::time, none, by.count());
    advance_to(now() + by);
}

void world::let_the_store_answer() {
    auto const is_of_the_store = [](gates::call const& call) {
        return call.where != stage::to_upstream && call.where != stage::from_upstream;
    };
    for (;;) {
        auto const& calls = turns_.waiting();
        auto const found = std::ranges::find_if(calls, is_of_the_store);
        if (found == calls.end()) return;
        resume(static_cast<std::size_t>(found - calls.begin()), draw_fate(found->where));
    }
}

/// A caller disconnects or stops waiting.
void world::give_up() {
    auto const& calls = turns_.waiting();
    if (calls.empty()) return;
    auto const op = calls[chance_.index(calls.size())].op;
    if (at(op).gave_up) return;
    note(happening::give_up, op);
    at(op).gave_up = true;
    turn(op, [&] { at(op).signal.emit(asio::cancellation_type::terminal); });
}

/// The instance's operations end in the middle; what the store and the upstream have done remains.
void world::crash(std::size_t which) {
    note(happening::crash, none, static_cast<std::int64_t>(which));
    turns_.drop([&](operation_id op) { return at(op).instance == which; });
    drain();
    for (auto& operation : operations_)
        if (operation.instance == which) operation.ended = true;
    instances_[which].service.reset();
    instances_[which].store.reset();
    backend_->crashed(which);
    start_instance(which);
}

/// In either direction. Every store keeps keys for a minute after they have expired. If clocks go
/// back further, stores differ in what a sweeper may have deleted.
void world::turn_the_clock() {
    instant const most = seconds(29);
    if (now() < 2 * most) return; // no time is before the history
    auto const before = store_now();
    store_clock_.turn(instant(chance_.between(-most.count(), most.count())));
    note(happening::jump, none, store_clock_.ahead().count());
    backend_->time_went_on();
    audit_.clock_turned(before, store_now());
    for (auto& operation : operations_)
        operation.began = std::min(operation.began, store_now());
}

/// Another server takes over that lacks the last writes.
void world::lose_writes() {
    if (chance_.chance(500)) {
        remembers_writes_ = backend_->remember_writes();
        return;
    }
    if (!std::exchange(remembers_writes_, false)) return;
    note(happening::forget, none);
    auto const before = sums();
    backend_->lose_writes(what_.broken != mutation::forgets_what_it_saw);
    auto const after = sums();
    for (std::size_t n = 0; n < before.size() && n < after.size(); ++n)
        if (after[n].taken < before[n].taken)
            fail("of " + after[n].name + " " + std::to_string(before[n].taken) +
                 " were taken, and after the loss " + std::to_string(after[n].taken));
    is_model_right_ = false;
}

} // namespace otpd::simulation
