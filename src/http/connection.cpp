#include "connection.hpp"

#include "otpd/http/credentials.hpp"
#include "response_writer.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>

#include <algorithm>
#include <array>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// An input buffer that grew beyond this is given back between requests.
constexpr std::size_t idle_buffer_bytes_max = 2048;
/// Content up to this size is copied behind the header and sent as one buffer.
constexpr std::size_t copied_content_bytes_max = 16 * 1024;
/// What a refused client may go on sending before it is cut off, and what earns it a second more.
constexpr std::size_t linger_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t linger_bytes_per_second = 512 * 1024;

steady_time now() noexcept {
    return std::chrono::steady_clock::now();
}

/// All requests that are there are handled before the first of them is answered: after a system
/// call the processor is slow for a while at what it does next, and writes in a row have little
/// between them.
auto yield_to_ready_handlers() {
    return asio::defer(asio::deferred);
}

request_limits limits_of(server_options const& options) {
    request_limits limits;
    limits.header_bytes_max = options.header_bytes_max;
    limits.fields_max = options.header_fields_max;
    limits.target_bytes_max = options.target_bytes_max;
    limits.body_bytes_max = options.body_bytes_max;
    return limits;
}

problem make_problem(unsigned status, std::string_view code, std::string_view detail) {
    problem problem;
    problem.status = status;
    problem.code = code;
    problem.detail = detail;
    return problem;
}

} // namespace

connection::connection(asio::ip::tcp::socket socket, asio::ip::address peer,
                       std::shared_ptr<connection_services const> services)
    : watchdog(socket.get_executor()), idle_since_(now().time_since_epoch().count()),
      socket_(std::move(socket)), services_(std::move(services)), input_(input_bytes_max()),
      parser_(limits_of(options())) {
    set_peer(std::move(peer));
}

/// Lets go of the timer and the socket at once also when an exception ends the connection.
class connection::ending {
public:
    explicit ending(connection& connection) noexcept : of_(connection) {}
    ending(ending const&) = delete;
    ending& operator=(ending const&) = delete;
    ~ending() {
        error_code ignored;
        if (dismissed_) return;
        of_.disarm();
        of_.socket_.close(ignored);
    }
    /// The connection goes on.
    void dismiss() noexcept { dismissed_ = true; }

private:
    connection& of_;
    bool dismissed_ = false;
};

// ---- life --------------------------------------------------------------------------------------

asio::awaitable<bool> connection::introduce(std::shared_ptr<connection> self) {
    ending at_end(*self);
    bool const named = co_await self->receive_proxy_header();
    if (named) at_end.dismiss();
    co_return named;
}

asio::awaitable<void> connection::serve(std::shared_ptr<connection> self) {
    ending const at_end(*self);
    // Handlers hear of every kind of cancellation; the default filter lets only `terminal` through.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    bool more = true;
    while (more)
        more = co_await self->exchange();
}

asio::awaitable<void> connection::reject_overloaded(std::shared_ptr<connection> self) {
    ending const at_end(*self);
    make_request_id(self->request_id_);
    auto const refusal = to_response(make_problem(
        503, "too_many_connections", "The service has no room for another connection."));
    auto const begun = self->begin_to_send(refusal, false);
    bool sent = begun.complete;
    if (!sent && !begun.failed) sent = co_await self->write_rest(begun.written, begun.content);
    if (sent) co_await self->linger();
}

std::optional<steady_time> connection::idle_since() const noexcept {
    auto const since = idle_since_.load();
    if (since == busy || since == leaving) return std::nullopt;
    return steady_time(steady_time::duration(since));
}

bool connection::ask_to_leave(steady_time since) {
    ++services_->leaving;
    auto idle = since.time_since_epoch().count();
    if (!idle_since_.compare_exchange_strong(idle, leaving)) {
        --services_->leaving;
        return false;
    }
    asio::post(socket_.get_executor(),
               [self = std::static_pointer_cast<connection>(shared_from_this())] {
                   error_code ignored;
                   if (self->phase_ == phase::idle && self->is_leaving())
                       self->socket_.cancel(ignored);
               });
    return true;
}

void connection::begin_drain() {
    asio::post(socket_.get_executor(),
               [self = std::static_pointer_cast<connection>(shared_from_this())] {
                   if (self->phase_ == phase::idle)
                       self->advance(now() + self->options().drain_quiet);
               });
}

void connection::abort() {
    asio::post(socket_.get_executor(),
               [self = std::static_pointer_cast<connection>(shared_from_this())] {
                   error_code ignored;
                   self->aborted_ = true;
                   self->socket_.close(ignored);
                   if (self->phase_ == phase::handling)
                       self->handler_signal_.emit(asio::cancellation_type::all);
               });
}

void connection::close() {
    ending const now(*this);
}

void connection::on_expiry() {
    if (phase_ == phase::handling) {
        handler_late_ = true;
        handler_signal_.emit(asio::cancellation_type::all);
        return;
    }
    error_code ignored;
    socket_.cancel(ignored);
}

/// Awaits as little as it can: each coroutine on the way costs a frame, which is some hundred
/// instructions.
asio::awaitable<bool> connection::exchange() {
    auto const outcome = co_await receive();
    if (outcome == received::closed) co_return false;
    received_ = now();
    describe_request();

    response what;
    if (outcome == received::refused) {
        what = refusal();
    } else {
        auto const found = services_->routes.find(request_->verb(), request_->path(), parameters_);
        route_ = found.pattern;
        std::optional<response> refused;
        if (options().refuse != nullptr) refused = options().refuse(*request_);
        if (refused)
            what = *std::move(refused);
        else if (found.outcome == router::match::kind::found)
            what = co_await call(*found.call);
        else
            what = answer_of_router(found);
    }
    answered_ = now();
    bool const keep =
        outcome == received::request && parser_.keep_alive() && !what.close && !draining();
    co_await yield_to_ready_handlers();
    auto const begun = begin_to_send(what, keep);
    bool sent = begun.complete;
    if (!sent && !begun.failed) sent = co_await write_rest(begun.written, begun.content);
    report(what, sent);
    if (!sent) co_return false;
    if (!keep) {
        co_await linger();
        co_return false;
    }
    prepare_for_next();
    co_return true;
}

// ---- handling ----------------------------------------------------------------------------------

/// Builds `request_` of what was received, which is little when the header section was refused.
void connection::describe_request() {
    route_ = router::malformed;
    fields_.clear();
    request_parts parts;
    parts.verb = method::other;
    if (parser_.is_head_complete()) {
        parser_.copy_fields(input(), fields_);
        parts.verb = parser_.verb();
        parts.target = parser_.target(input());
        parts.path = parser_.path(input());
        parts.query = parser_.query(input());
        parts.body = body_;
    }
    parts.fields = fields_;
    parts.peer = peer_;
    parts.trusted_proxies = believed_;
    parts.connection = this;
    parts.until = deadline::in(started_ + options().request_timeout - received_);
    auto const given = request(parts).header("x-request-id");
    if (given && is_valid_request_id(*given))
        request_id_.assign(*given);
    else
        make_request_id(request_id_);
    parts.request_id = request_id_;
    request_.emplace(parts);
}

response connection::refusal() {
    services_->events.framing_rejected(options().name, kind(fault_));
    auto what = to_response(to_problem(fault_), *request_);
    what.close = true;
    return what;
}

/// What has no handler.
response connection::answer_of_router(router::match const& found) {
    if (found.outcome == router::match::kind::not_found)
        return to_response(make_problem(404, "not_found", "Not Found"), *request_);
    response response;
    if (found.outcome == router::match::kind::method_not_allowed)
        response =
            to_response(make_problem(405, "method_not_allowed", "Method Not Allowed"), *request_);
    else
        response.status = 204;
    response.headers.push_back({"Allow", std::string(found.allow)});
    return response;
}

/// The kernel is asked and not the stream: a read would take what was sent ahead, and wait behind
/// it for the end.
bool connection::has_hung_up() const noexcept {
    if (!socket_.is_open()) return true;
    pollfd asked{};
    // Asio's own accessor is not const, though it changes nothing.
    asked.fd = const_cast<asio::ip::tcp::socket&>(socket_).native_handle();
    asked.events = POLLRDHUP;
    return ::poll(&asked, 1, 0) > 0;
}

asio::awaitable<response> connection::call(detail::endpoint const& endpoint) {
    response response;
    std::exception_ptr failure;
    handler_late_ = false;
    phase_ = phase::handling;
    arm(request_->until().at() + options().handler_margin);
    try {
        response = co_await endpoint(*request_, parameters_);
        bool const token_is_wrong = response.status == 401 && bearer_token(*request_);
        if (token_is_wrong) co_await hold_back(response);
    } catch (...) {
        failure = std::current_exception();
    }
    phase_ = phase::input;
    if (handler_late_) services_->events.handler_timed_out(options().name, request_id_);
    // Forgets the cancellation, which was the handler's alone: the response is yet to be written.
    if (handler_late_ || aborted_)
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    if (failure) response = answer_failure(failure);
    co_return response;
}

/// After a few wrong tokens of one address in a minute it hears late that one more is wrong: its
/// guesses take a connection for so long each, or a connection each where too many are held back
/// already.
asio::awaitable<void> connection::hold_back(response& response) {
    auto& events = services_->events;
    auto& shown = services_->shown_wrong_tokens;
    auto const client = request_->client();
    auto const count = shown.count(client, now());
    if (count <= wrong_tokens::at_once_max) {
        events.wrong_token(options().name, "at_once");
        co_return;
    }
    if (count == wrong_tokens::at_once_max + 1) events.wrong_tokens_slowed(options().name, client);
    wrong_tokens::held_back const held(shown);
    response.close = !held.has_room();
    events.wrong_token(options().name, response.close ? "closed" : "late");
    if (response.close) co_return;
    asio::steady_timer pause(socket_.get_executor());
    pause.expires_after(std::min<steady_time::duration>(options().wrong_token_delay,
                                                        request_->until().remaining()));
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::deferred, ignored));
}

response connection::answer_failure(std::exception_ptr failure) {
    if (handler_late_)
        return to_response(make_problem(504, "request_timeout", "The request took too long."),
                           *request_);
    if (!aborted_) services_->events.handler_failed(options().name, request_id_, failure);
    auto what =
        to_response(make_problem(500, "internal_error", "Internal Server Error"), *request_);
    what.close = true;
    return what;
}

// ---- output ------------------------------------------------------------------------------------

/// Mostly the kernel takes everything at once: no wait, no deadline, and nothing that this
/// connection has to keep while it is idle.
connection::sending connection::begin_to_send(response const& response, bool keep) {
    thread_local std::string assembled; // keeps its capacity
    envelope around;
    around.request_id = request_id_;
    around.handling = answered_ - received_;
    around.connection = persistence::close;
    if (keep)
        around.connection = parser_.is_http_1_0() ? persistence::keep_alive : persistence::implied;
    write_head(response, around, assembled);

    sending begun;
    bool const bare = !has_content(response.status) ||
                      (parser_.is_head_complete() && parser_.verb() == method::head);
    if (!bare) begun.content = response.content();
    if (begun.content.size() <= copied_content_bytes_max) {
        assembled.append(begun.content);
        begun.content = {};
    }
    error_code ec;
    std::array<asio::const_buffer, 2> const both = {asio::buffer(assembled),
                                                    asio::buffer(begun.content)};
    begun.written = begun.content.empty() ? socket_.write_some(asio::buffer(assembled), ec)
                                          : socket_.write_some(both, ec);
    begun.complete = !ec && begun.written == asio::buffer_size(both);
    begun.failed = ec && ec != asio::error::would_block && ec != asio::error::try_again;
    if (!begun.complete && !begun.failed) output_ = assembled;
    return begun;
}

asio::awaitable<bool> connection::write_rest(std::size_t written, std::string_view content) {
    std::array<asio::const_buffer, 2> buffers = {asio::buffer(output_), asio::buffer(content)};
    auto const in_first = std::min(written, buffers[0].size());
    buffers[0] += in_first;
    buffers[1] += written - in_first;
    auto const seconds = asio::buffer_size(buffers) / options().write_bytes_per_second_min;
    phase_ = phase::output;
    arm(now() + options().write_timeout + std::chrono::seconds(seconds));
    error_code ec;
    co_await asio::async_write(socket_, buffers, asio::redirect_error(asio::deferred, ec));
    co_return !ec;
}

/// Says that nothing more will come and reads what the client still sends: closing with unread
/// input resets the connection, and a reset can destroy the response on its way (RFC 9112 9.6).
asio::awaitable<void> connection::linger() {
    error_code ec;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    if (ec) co_return;
    phase_ = phase::output;
    auto const limit = now() + options().linger_timeout;
    for (std::size_t taken = 0; taken < linger_bytes_max; taken += input_.size()) {
        arm(limit + std::chrono::seconds(taken / linger_bytes_per_second));
        input_.clear();
        bool const some = co_await read_some();
        if (!some) co_return;
    }
}

void connection::report(response const& response, bool sent) {
    request_record record;
    record.listener = options().name;
    record.verb = request_->verb();
    record.route = route_;
    record.status = response.status;
    record.handling = answered_ - received_;
    record.request_id = request_id_;
    record.peer = peer_;
    record.client = request_->client();
    record.request_body_bytes = request_->body().size();
    record.response_body_bytes = response.content().size();
    record.sent = sent;
    services_->events.request_finished(record);
}

void connection::prepare_for_next() {
    request_.reset();
    if (!output_.empty()) std::string().swap(output_); // an assignment would keep the memory
    input_.consume(parser_.end());
    if (input_.size() == 0 && input_.capacity() > idle_buffer_bytes_max) input_.shrink_to_fit();
}

} // namespace otpd::http
