#include "backtest/replay.hpp"

#include "backtest/world.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace otpd::app {

namespace asio = boost::asio;

namespace {

/// Much longer than a code lives.
constexpr std::chrono::hours remembered{1};
/// Sends that may be waiting for their end, verifications and devices that are remembered: the
/// oldest ones are forgotten above that.
constexpr std::size_t remembered_max = 1'000'000;
/// No send takes longer.
constexpr std::chrono::minutes flight_max{2};

bool uses_scores(otp::policy const& rules) {
    return std::ranges::any_of(rules.plans, [](otp::route_plan const& plan) {
        return std::ranges::any_of(
            plan.steps, [](otp::route_step const& step) { return step.best.has_value(); });
    });
}

/// One number for each pseudonym. No country has the calling code 999.
phone_number number_of(std::string const& pseudonym) {
    constexpr std::uint64_t numbers = 1'000'000'000'000;
    std::uint64_t value = 0;
    std::from_chars(pseudonym.data(), pseudonym.data() + pseudonym.size(), value, 16);
    auto const digits = std::to_string(value % numbers + numbers).substr(1);
    return phone_number::parse("999" + digits).value();
}

/// What refused a request: limits, or else the problem's code.
std::string const& refusal_of(timeline_line const& line) {
    if (!line.limits.empty()) return line.limits;
    return line.error.empty() ? line.reason : line.error;
}

/// Whether the lines have all that decided on the request.
bool can_be_made_again(timeline_line const& line) {
    static constexpr std::array<std::string_view, 4> by_settings{
        "purpose_not_allowed", "route_not_allowed", "route_plan_unknown", "no_route_available"};
    return line.event != "refused" ||
           std::ranges::find(by_settings, line.error) != by_settings.end();
}

/// Whether a route was left without asking the upstream, because of a rule (step_report::why).
bool is_skipped(std::string_view reason) {
    static constexpr std::array<std::string_view, 5> rules{"country", "price", "budget",
                                                           "route_not_allowed", "tried_before"};
    return std::ranges::find(rules, reason) != rules.end();
}

/// A verification of the lines, and what the replay made of it.
struct opened {
    std::string user;
    std::string sealed; ///< empty: nothing was sent, or it was canceled
    std::string code;
    std::string refused_by;
};

/// The sends of the last hour, by their verifications.
class recent_sends {
public:
    std::unordered_map<std::string, std::shared_ptr<line_flight>> flights; ///< without an end
    std::unordered_map<std::string, opened> all;
    std::unordered_map<std::string, std::string> last_of; ///< a user's last one with a code

    void add(std::string const& id, std::string user, std::shared_ptr<line_flight> flight,
             wall_time now) {
        flights[id] = std::move(flight);
        flight_order_.emplace_back(now, id);
        all[id].user = std::move(user);
        order_.emplace_back(now, id);
    }
    /// The send that the id is of; null if it is forgotten, or was never there.
    [[nodiscard]] opened* find(std::string const& id) {
        auto const found = all.find(id);
        return found == all.end() ? nullptr : &found->second;
    }
    /// Takes the flight out; null if it has ended.
    std::shared_ptr<line_flight> end(std::string const& id) {
        auto const found = flights.find(id);
        if (found == flights.end()) return nullptr;
        auto flight = std::move(found->second);
        flights.erase(found);
        flight->has_ended = true;
        return flight;
    }
    /// Returns the flights that have to go on because the lines lack their end.
    std::vector<std::shared_ptr<line_flight>> forget_before(wall_time now) {
        std::vector<std::shared_ptr<line_flight>> lost;
        while (is_old(flight_order_, now, flight_max)) {
            if (auto flight = end(flight_order_.front().second)) lost.push_back(std::move(flight));
            flight_order_.pop_front();
        }
        while (is_old(order_, now, remembered)) {
            auto const found = all.find(order_.front().second);
            order_.pop_front();
            if (found == all.end()) continue;
            auto const last = last_of.find(found->second.user);
            if (last != last_of.end() && last->second == found->first) last_of.erase(last);
            all.erase(found);
        }
        return lost;
    }

private:
    using by_time = std::deque<std::pair<wall_time, std::string>>;

    static bool is_old(by_time const& list, wall_time now, std::chrono::seconds age) {
        return !list.empty() && (list.front().first + age < now || list.size() > remembered_max);
    }

    by_time flight_order_;
    by_time order_;
};

} // namespace

class backtest_replay::impl {
public:
    impl(settings const& settings, wall_time begin, backtest_figures& figures)
        : figures_(figures), world_(settings, begin, figures.notes),
          uses_scores_(uses_scores(world_.rules)) {}
    /// The sends that still wait for their end have one now.
    ~impl() {
        for (auto const& [id, flight] : sends_.flights) {
            flight->has_ended = true;
            flight->ended.cancel();
        }
        world_.context.poll();
    }

    void on_line(timeline_line const& line) {
        world_.clock.advance_to(line.at);
        forget_old();
        if (line.is_test) return;
        if (line.price) world_.prices.learn(line.route_id, line.country, *line.price);
        auto const& event = line.event;
        if (event == "wrong" || event == "verified" || (event == "refused" && line.is_guess))
            guess(line);
        else if (event == "admitted" || event == "blocked" || event == "refused")
            send(line);
        else if (event == "step_left" || event == "accepted" || event == "unknown" ||
                 event == "not_sent")
            learn(line);
        else if (event == "delivered" || event == "failed")
            on_report(line);
        else if (event == "canceled")
            cancel(line);
        if (uses_scores_) world_.scores.count(line);
    }

private:
    void forget_old() {
        for (auto const& flight : sends_.forget_before(world_.clock.wall()))
            world_.resume(flight, {});
        if (known_.size() > remembered_max) known_.clear(); // introduced again
    }

    // --- requests ---

    otp::caller caller_of(timeline_line const& line) {
        otp::caller caller;
        caller.client = &world_.client_of(line.client);
        if (!line.requester.empty()) caller.end_user_address = line.requester;
        if (line.device == "known") caller.device = secret_string("known");
        caller.stand_in = otp::stand_in{line.prefix, line.country, line.has_solved_challenge};
        return caller;
    }
    static std::string user_of(timeline_line const& line) {
        return line.client + '\n' + line.purpose + '\n' + line.number;
    }

    void send(timeline_line const& line) {
        auto& was = figures_.happened;
        auto& now = figures_.replayed;
        bool const was_admitted = line.event == "admitted";
        ++was.sends;
        if (!was_admitted) {
            ++was.refused;
            count_names(was.refused_by, refusal_of(line));
        }
        auto const purpose = purpose::parse(line.purpose);
        if (line.number.empty() || !purpose) {
            ++figures_.lines_without_pseudonyms;
            return;
        }
        ++now.sends;
        if (!can_be_made_again(line)) {
            ++now.refused;
            count_names(now.refused_by, refusal_of(line));
            return;
        }
        introduce(line);
        auto const& id = line.verification_id;
        std::shared_ptr<line_flight> flight;
        if (was_admitted) {
            flight = std::make_shared<line_flight>(world_.context);
            sends_.add(id, user_of(line), flight, world_.clock.wall());
        }
        world_.prices.use(line.country);
        world_.upstream.use(flight);
        world_.spawn(
            make_send({caller_of(line), number_of(line.number), *purpose}, id, line.country));
        auto const why = world_.refusals.take();
        if (!why) return;
        ++now.refused;
        count_names(now.refused_by, *why);
        if (!was_admitted) return;
        sends_.all[id].refused_by = *why;
        sends_.end(id);
    }

    asio::awaitable<void> make_send(otp::send_request request, std::string id,
                                    std::string country) {
        auto const result = co_await world_.domain.sender.send(
            std::move(request), deadline::in(std::chrono::hours(24)));
        if (!result) co_return;
        auto& now = figures_.replayed;
        ++now.messages;
        auto const price =
            world_.prices.price_of(result->route_id).value_or(world_.rules.assumed_price);
        add(now.cost, result->message.cost.value_or(price));
        ++figures_.route(result->route_id, country).replayed;
        auto* const found = sends_.find(id);
        if (found == nullptr) co_return;
        found->sealed = result->id;
        found->code = result->debug_code->reveal();
        sends_.last_of[found->user] = id;
    }

    /// What the lines say of a send that was admitted then.
    void learn(timeline_line const& line) {
        auto& was = figures_.happened;
        bool const may_have_gone = line.event == "accepted" || line.event == "unknown";
        if (may_have_gone) {
            ++was.messages;
            add(was.cost, line.cost.value_or(line.price.value_or(money())));
        }
        if (line.event == "accepted") ++figures_.route(line.route_id, line.country).accepted;
        auto const found = sends_.flights.find(line.verification_id);
        if (found == sends_.flights.end()) return;
        auto const flight = found->second;
        if (may_have_gone) {
            // A message that may have arrived has a code that may be typed.
            bridgexapi::accepted made;
            made.cost = line.cost ? line.cost : line.price;
            flight->outcomes.insert_or_assign(line.route_id, std::move(made));
        } else if (line.attempted || line.event == "not_sent") {
            flight->outcomes.try_emplace(line.route_id,
                                         bridgexapi::rejected{bridgexapi::reason::vendor_failed});
        } else if (!is_skipped(line.reason)) {
            flight->outcomes.try_emplace(line.route_id,
                                         bridgexapi::not_sent{bridgexapi::reason::connect_failed});
        }
        if (line.event != "step_left") sends_.end(line.verification_id);
        world_.resume(flight, line.country);
    }

    void on_report(timeline_line const& line) {
        bool const arrived = line.event == "delivered";
        if (arrived) ++figures_.route(line.route_id, line.country).delivered;
        auto const* const found = sends_.find(line.verification_id);
        if (found == nullptr || found->sealed.empty()) return;
        auto const at = world_.keys.open(found->sealed);
        if (!at) return;
        store::delivery_update update;
        update.address = *at;
        update.message = arrived ? store::delivery::delivered : store::delivery::failed;
        world_.spawn([](store::store& to, store::delivery_update made) -> asio::awaitable<void> {
            co_await to.update(std::move(made));
        }(*world_.store, std::move(update)));
    }

    void cancel(timeline_line const& line) {
        auto* const found = sends_.find(line.verification_id);
        if (found == nullptr || found->sealed.empty()) return;
        world_.spawn([](otp::verifications& all, otp::caller caller,
                        std::string id) -> asio::awaitable<void> {
            co_await all.cancel(std::move(caller), std::move(id));
        }(world_.domain.verifications, caller_of(line), std::exchange(found->sealed, {})));
    }

    // --- guesses ---

    void guess(timeline_line const& line) {
        auto& was = figures_.happened;
        bool const was_right = line.event == "verified";
        if (was_right) ++was.verified;
        if (line.event == "refused") {
            ++was.guesses_refused;
            count_names(was.guesses_refused_by, refusal_of(line));
        }
        auto const purpose = purpose::parse(line.purpose);
        if (line.number.empty() || !purpose) {
            ++figures_.lines_without_pseudonyms;
            return;
        }
        introduce(line);
        if (was_right)
            type_right(line, *purpose);
        else
            type_wrong(line, *purpose);
    }

    /// The user types what arrived: the code of this send, or else of his last one.
    void type_right(timeline_line const& line, purpose const& what) {
        auto const* const own = sends_.find(line.verification_id);
        if (own == nullptr) return; // it was sent before the first line
        // It may have been typed before the send was settled.
        if (auto const flight = sends_.end(line.verification_id))
            world_.resume(flight, line.country);
        auto const* typed = own;
        if (own->sealed.empty()) {
            auto const last = sends_.last_of.find(own->user);
            typed = last == sends_.last_of.end() ? nullptr : sends_.find(last->second);
        }
        std::optional<std::string> why = "not_sent";
        if (typed != nullptr && !typed->sealed.empty()) {
            std::optional<std::string> id;
            if (line.with_id || typed != own) id = typed->sealed;
            why = check(line, what, typed->code, std::move(id));
        }
        if (!why) {
            ++figures_.replayed.verified;
            sends_.last_of.erase(own->user); // its code is used up
            return;
        }
        ++figures_.honest_refused;
        count_names(figures_.honest_refused_by, own->refused_by.empty() ? *why : own->refused_by);
    }

    void type_wrong(timeline_line const& line, purpose const& what) {
        std::optional<std::string> id;
        std::string right;
        auto const* const found = sends_.find(line.verification_id);
        if (found != nullptr) right = found->code;
        if (line.with_id) {
            if (found == nullptr || found->sealed.empty()) return;
            id = found->sealed;
        }
        std::string code(right.empty() ? world_.rules.code_length : right.size(), '0');
        if (code == right) code.back() = '1';
        check(line, what, code, std::move(id));
    }

    /// Returns why the guess was not right; nothing if it was.
    std::optional<std::string> check(timeline_line const& line, purpose const& what,
                                     std::string const& code, std::optional<std::string> id) {
        otp::verify_request request{caller_of(line), number_of(line.number), what,
                                    passcode::parse(code).value(), std::move(id)};
        std::optional<std::string> why;
        world_.spawn([](otp::verifier& verifier, otp::verify_request typed,
                        std::optional<std::string>& refused) -> asio::awaitable<void> {
            auto const result = co_await verifier.verify(std::move(typed));
            if (!result) refused = otp::problem_code(result.error().code);
        }(world_.domain.verifier, std::move(request), why));
        if (auto refused_by = world_.refusals.take()) {
            ++figures_.replayed.guesses_refused;
            count_names(figures_.replayed.guesses_refused_by, *refused_by);
            why = std::move(refused_by);
        }
        return why;
    }

    /// Makes a device known that was known then. It became so before the first line, or with a
    /// code that the replay did not send.
    void introduce(timeline_line const& line) {
        if (line.device != "known" || !known_.insert(line.client + '\n' + line.number).second)
            return;
        world_.spawn(world_.make_known(caller_of(line), number_of(line.number)));
    }

    // --- figures ---

    static void add(money& sum, money amount) {
        sum = money::from_micros(sum.micros() + amount.micros());
    }
    backtest_figures& figures_;
    backtest_world world_;
    bool const uses_scores_;
    recent_sends sends_;
    std::unordered_set<std::string> known_; ///< who was introduced
};

backtest_replay::backtest_replay(settings const& settings, wall_time begin,
                                 backtest_figures& figures)
    : impl_(std::make_unique<impl>(settings, begin, figures)) {}

backtest_replay::~backtest_replay() = default;

void backtest_replay::on_line(timeline_line const& line) {
    impl_->on_line(line);
}

} // namespace otpd::app
