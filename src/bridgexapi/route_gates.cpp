#include "otpd/bridgexapi/route_gates.hpp"

#include "otpd/net/run_on.hpp"
#include "otpd/net/wait_queue.hpp"
#include "route_gate.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace otpd::bridgexapi {

namespace asio = boost::asio;

namespace {

/// The vendor's last route. One more gate serves all other ids.
constexpr int last_route = 8;

send_outcome refused(route_gate::refusal const& by) {
    not_sent result{by.why};
    result.retry_after = by.retry_after;
    return result;
}

} // namespace

/// Running calls keep the gate alive.
class route_gates::gate : public std::enable_shared_from_this<gate> {
public:
    gate(asio::any_io_executor const& executor, int route_id, route_gate_options const& options,
         clock const& now, random_source& random, route_gate_observer& observer)
        : strand_(asio::make_strand(executor)), route_id_(route_id), clock_(now),
          observer_(observer), logic_(options, random) {
        publish();
    }

    static asio::awaitable<send_outcome> send(std::shared_ptr<gate> self, sms_sender& behind,
                                              sms message, deadline until);

    // Thread-safe.
    void apply(route_gate_options const& options);
    [[nodiscard]] route_gate_stats stats() const noexcept;
    [[nodiscard]] bool refusing() const noexcept {
        return shown_.open &&
               (shown_.probing || clock_.now().time_since_epoch().count() < shown_.open_until);
    }

private:
    using entrance = route_gate::turn;

    asio::awaitable<entrance> enter(deadline until);
    static asio::awaitable<entrance> wait_in_queue(std::shared_ptr<gate> self, deadline until);

    // The following run on strand_.
    [[nodiscard]] route_gate::decision arrive(deadline until);
    void leave(route_gate::ticket const& place, verdict const& because);
    void serve_queue();
    void report(route_gate::change const& change);
    void publish() noexcept;

    net::strand strand_;
    int const route_id_;
    clock const& clock_;
    route_gate_observer& observer_;
    struct {
        std::atomic<std::size_t> limit{0}, running{0}, waiting{0};
        std::atomic<bool> open{false}, probing{false};
        std::atomic<steady_time::rep> open_until{0};
    } shown_;

    // Used on strand_ only.
    route_gate logic_;
    net::wait_queue<entrance> queue_;
};

// --- a send -------------------------------------------------------------------------------------

/// A taken place must be returned. So nothing here may throw because of cancellation; the caller
/// (otp::sender) ensures that.
asio::awaitable<send_outcome> route_gates::gate::send(std::shared_ptr<gate> self,
                                                      sms_sender& behind, sms message,
                                                      deadline until) {
    auto const entered = co_await self->enter(until);
    if (auto const* refusal = std::get_if<route_gate::refusal>(&entered))
        co_return refused(*refusal);

    std::optional<send_outcome> result;
    std::exception_ptr thrown;
    try {
        result = co_await behind.send_sms(std::move(message), until);
    } catch (...) {
        thrown = std::current_exception();
    }
    auto give_back = [&] {
        self->leave(std::get<route_gate::ticket>(entered),
                    result ? verdict_on(*result) : verdict{});
        return true;
    };
    co_await net::on_strand(self->strand_, give_back);
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*result);
}

/// Most sends get a place at once. Only the others pay for a coroutine on the strand.
asio::awaitable<route_gates::gate::entrance> route_gates::gate::enter(deadline until) {
    auto ask = [&] { return arrive(until); };
    auto const decided = co_await net::on_strand(strand_, ask);
    if (auto const* place = std::get_if<route_gate::ticket>(&decided)) co_return *place;
    if (auto const* no = std::get_if<route_gate::refusal>(&decided)) co_return *no;
    co_return co_await net::run_on(strand_, wait_in_queue(shared_from_this(), until));
}

asio::awaitable<route_gates::gate::entrance>
route_gates::gate::wait_in_queue(std::shared_ptr<gate> self, deadline until) {
    // The state may have changed on the way to the strand.
    auto const decided = self->arrive(until);
    if (auto const* place = std::get_if<route_gate::ticket>(&decided)) co_return *place;
    if (auto const* no = std::get_if<route_gate::refusal>(&decided)) co_return *no;
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        co_return self->logic_.too_many(self->clock_.now(), self->queue_.size());

    ++self->shown_.waiting;
    auto const given = co_await self->queue_.wait(until);
    self->publish();
    if (given) co_return *given;
    co_return self->logic_.too_many(self->clock_.now(), self->queue_.size());
}

void route_gates::gate::apply(route_gate_options const& options) {
    asio::post(strand_, [self = shared_from_this(), options] {
        self->logic_.apply(options);
        self->serve_queue();
        self->publish();
    });
}

// --- on the strand ------------------------------------------------------------------------------

route_gate::decision route_gates::gate::arrive(deadline until) {
    auto result = logic_.arrive(clock_.now(), queue_.size(), until.remaining());
    publish();
    return result;
}

void route_gates::gate::leave(route_gate::ticket const& place, verdict const& because) {
    auto const change = logic_.leave(place, because, clock_.now());
    serve_queue();
    publish();
    report(change);
}

void route_gates::gate::serve_queue() {
    while (!queue_.empty()) {
        auto turn = logic_.next(clock_.now());
        if (!turn) return;
        queue_.give(*turn);
    }
}

void route_gates::gate::report(route_gate::change const& change) {
    if (change.opened) observer_.opened(route_id_, change.opened->why, change.opened->for_how_long);
    if (change.closed) observer_.closed(route_id_);
}

// --- stats --------------------------------------------------------------------------------------

void route_gates::gate::publish() noexcept {
    shown_.limit = logic_.limit().places();
    shown_.running = logic_.running();
    shown_.waiting = queue_.size();
    // The time is stored first: at worst, a reader in between considers the breaker due.
    shown_.open_until = logic_.breaker().open_until().time_since_epoch().count();
    shown_.probing = logic_.breaker().probing();
    shown_.open = logic_.breaker().is_open();
}

route_gate_stats route_gates::gate::stats() const noexcept {
    return {.route_id = route_id_,
            .limit = shown_.limit,
            .running = shown_.running,
            .waiting = shown_.waiting,
            .open = shown_.open,
            .refusing = refusing()};
}

// --- all gates ----------------------------------------------------------------------------------

route_gates::route_gates(asio::any_io_executor executor, sms_sender& behind,
                         route_gate_options options, clock const& now, random_source& random,
                         route_gate_observer& observer)
    : behind_(behind) {
    for (int id = 0; id <= last_route; ++id)
        gates_.push_back(std::make_shared<gate>(executor, id, options, now, random, observer));
}

route_gates::~route_gates() = default;

asio::awaitable<send_outcome> route_gates::send_sms(sms message, deadline until) {
    bool const is_known = message.route_id >= 1 && message.route_id <= last_route;
    auto const& its = gates_[is_known ? static_cast<std::size_t>(message.route_id) : 0];
    return gate::send(its, behind_, std::move(message), until);
}

void route_gates::apply(route_gate_options const& options) {
    for (auto const& gate : gates_)
        gate->apply(options);
}

std::vector<route_gate_stats> route_gates::stats() const {
    std::vector<route_gate_stats> result;
    for (auto const& gate : gates_)
        result.push_back(gate->stats());
    return result;
}

} // namespace otpd::bridgexapi
