#include "connection.hpp"

#include "client_address.hpp"
#include "otpd/http/credentials.hpp"
#include "request_id.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace otpd::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

steady_time now() noexcept {
    return std::chrono::steady_clock::now();
}

/// Yields so that all requests that have arrived are handled before the first response is written.
/// A system call leaves the processor's caches cold, so consecutive writes are cheaper than writes
/// between handlers.
auto yield_to_ready_handlers() {
    return asio::defer(asio::deferred);
}

constexpr unsigned no_content = 204;

std::optional<trace_context> trace_of_client(request const& request) noexcept {
    auto const text = request.header("traceparent");
    return text ? parse_traceparent(*text) : std::nullopt;
}

std::string_view tracestate_of(request const& request) noexcept {
    auto const text = request.header("tracestate").value_or(std::string_view());
    return is_tracestate(text) ? text : std::string_view();
}

problem make_problem(unsigned status, std::string_view code, std::string_view detail) {
    problem problem;
    problem.status = status;
    problem.code = code;
    problem.detail = detail;
    return problem;
}

/// Answers a request without a handler.
response answer_of_router(router::match const& found, request const& request) {
    if (found.outcome == router::match::kind::not_found)
        return to_response(make_problem(404, "not_found", "Not Found"), request);
    response response;
    if (found.outcome == router::match::kind::method_not_allowed)
        response =
            to_response(make_problem(405, "method_not_allowed", "Method Not Allowed"), request);
    else
        response.status = no_content;
    response.headers.push_back({"Allow", std::string(found.allow)});
    return response;
}

} // namespace

connection::connection(stream_socket socket, asio::ip::address peer,
                       std::shared_ptr<connection_services const> services)
    : client_socket(std::move(socket), std::move(services)), reader_(*this), sender_(*this) {
    set_peer(std::move(peer));
}

// ---- life --------------------------------------------------------------------------------------

asio::awaitable<bool> connection::introduce(std::shared_ptr<connection> self) {
    ending at_end(*self);
    bool const is_named = co_await self->receive_proxy_header();
    if (is_named) at_end.dismiss();
    co_return is_named;
}

asio::awaitable<void> connection::serve(std::shared_ptr<connection> self) {
    ending const at_end(*self);
    // Lets handlers receive every kind of cancellation. The default filter passes only `terminal`.
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    for (bool may_follow = true; may_follow;)
        may_follow = co_await self->exchange();
}

asio::awaitable<void> connection::reject_overloaded(std::shared_ptr<connection> self) {
    ending const at_end(*self);
    make_request_id(self->request_id_);
    auto const refusal = to_response(make_problem(
        503, "too_many_connections", "The service has no room for another connection."));
    auto const begun = self->begin_to_send(refusal, false);
    bool sent = begun.complete;
    if (!sent && !begun.failed)
        sent = co_await self->sender_.write_rest(begun.written, begun.content);
    if (sent) co_await self->reader_.linger();
}

void connection::close() {
    ending const now(*this);
}

// ---- the client that the proxy names -----------------------------------------------------------

void connection::set_peer(asio::ip::address address) {
    peer_ = unmapped(address);
    believed_ = {};
    auto const& trusted = options().trusted_proxies;
    if (is_trusted(peer_, trusted)) believed_ = trusted;
}

asio::awaitable<bool> connection::receive_proxy_header() {
    auto const reject = [this](std::string_view why) {
        events().framing_rejected(options().name, why);
    };
    if (believed_.empty()) {
        reject(kind(proxy_fault::untrusted_peer));
        co_return false;
    }
    auto const header = co_await reader_.receive_proxy_header();
    if (!header) {
        // A balancer's health check also connects and disconnects, so a closed connection is no
        // fault.
        if (is_late()) reject(kind(framing_fault::header_timeout));
        co_return false;
    }
    if (header->made == proxy_header::progress::rejected) {
        reject(kind(header->fault));
        co_return false;
    }
    if (header->source)
        set_peer(*header->source);
    else
        believed_ = {};
    co_return true;
}

// ---- one request -------------------------------------------------------------------------------

/// Awaits as little as possible: each coroutine on this path costs a frame.
asio::awaitable<bool> connection::exchange() {
    auto const outcome = co_await reader_.receive();
    if (outcome == request_reader::received::closed) co_return false;
    received_ = now();
    describe_request();

    response response;
    if (outcome == request_reader::received::refused) {
        events().framing_rejected(options().name, kind(reader_.fault()));
        response = to_response(to_problem(reader_.fault()), *request_);
        response.close = true;
    } else {
        auto const found = services().routes.find(request_->verb(), request_->path(), parameters_);
        route_ = found.pattern;
        if (found.call != nullptr) response = co_await call(*found.call);
        bool const is_let_in = found.call == nullptr || response.status == no_content;
        if (found.outcome != router::match::kind::found && is_let_in)
            response = answer_of_router(found, *request_);
    }
    answered_ = now();
    bool const keep = outcome == request_reader::received::request &&
                      reader_.parser().keep_alive() && !response.close && !is_draining();
    co_await yield_to_ready_handlers();
    auto const begun = begin_to_send(response, keep);
    bool sent = begun.complete;
    if (!sent && !begun.failed) sent = co_await sender_.write_rest(begun.written, begun.content);
    report(response, sent);
    if (!sent) co_return false;
    if (!keep) {
        co_await reader_.linger();
        co_return false;
    }
    request_.reset();
    sender_.forget();
    reader_.forget_request();
    co_return true;
}

// ---- handling ----------------------------------------------------------------------------------

/// Fills `request_` from the received bytes. There are few of them if the header section was
/// refused.
void connection::describe_request() {
    route_ = router::malformed;
    fields_.clear();
    request_parts parts;
    parts.verb = method::other;
    auto const& parser = reader_.parser();
    if (parser.is_head_complete()) {
        auto const bytes = reader_.bytes();
        parser.copy_fields(bytes, fields_);
        parts.verb = parser.verb();
        parts.target = parser.target().whole(bytes);
        parts.path = parser.target().path(bytes);
        parts.query = parser.target().query(bytes);
        parts.body = reader_.body();
    }
    parts.fields = fields_;
    parts.peer = peer_;
    parts.trusted_proxies = believed_;
    parts.connection = this;
    parts.until = deadline::in(reader_.started() + options().request_timeout - received_);
    request const unnamed(parts);
    auto const given = unnamed.header("x-request-id");
    if (given && is_valid_request_id(*given))
        request_id_.assign(*given);
    else
        make_request_id(request_id_);
    parts.request_id = request_id_;
    auto const parent = trace_of_client(unnamed);
    parent_span_ = parent ? parent->span : span_id();
    parts.trace = events().begin_trace(options().name, parent);
    if (parent) parts.tracestate = tracestate_of(unnamed);
    request_.emplace(parts);
}

asio::awaitable<response> connection::call(detail::endpoint const& endpoint) {
    response response;
    std::exception_ptr failure;
    begin_handling(request_->until().at() + options().handler_margin);
    try {
        response = co_await endpoint(*request_, parameters_);
        bool const token_is_wrong = response.status == 401 && bearer_token(*request_);
        if (token_is_wrong) co_await hold_back(response);
    } catch (...) {
        failure = std::current_exception();
    }
    enter(phase::input);
    if (is_handler_late())
        events().handler_timed_out(options().name, request_id_, request_->trace());
    // Resets the cancellation, which was meant for the handler only: the response must still be
    // written.
    if (is_handler_late() || is_aborted())
        co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    if (failure) response = answer_failure(failure);
    co_return response;
}

/// Delays the response after a few wrong tokens from one address within a minute. Each further
/// guess then occupies a connection for this long, or closes its connection if too many responses
/// are delayed already.
asio::awaitable<void> connection::hold_back(response& response) {
    auto& events = services().events;
    auto& shown = services().shown_wrong_tokens;
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
    asio::steady_timer pause(executor());
    pause.expires_after(std::min<steady_time::duration>(options().wrong_token_delay,
                                                        request_->until().remaining()));
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::deferred, ignored));
}

response connection::answer_failure(std::exception_ptr failure) {
    if (is_handler_late())
        return to_response(make_problem(504, "request_timeout", "The request took too long."),
                           *request_);
    if (!is_aborted())
        events().handler_failed(options().name, request_id_, request_->trace(), failure);
    auto response =
        to_response(make_problem(500, "internal_error", "Internal Server Error"), *request_);
    response.close = true;
    return response;
}

// ---- output ------------------------------------------------------------------------------------

response_sender::sending connection::begin_to_send(response const& response, bool keep) {
    envelope around;
    around.request_id = request_id_;
    around.handling = answered_ - received_;
    around.connection = persistence::close;
    auto const& parser = reader_.parser();
    if (keep)
        around.connection = parser.is_http_1_0() ? persistence::keep_alive : persistence::implied;
    bool const is_head = parser.is_head_complete() && parser.verb() == method::head;
    return sender_.begin(response, around, has_content(response.status) && !is_head);
}

void connection::report(response const& response, bool sent) {
    request_record record;
    record.listener = options().name;
    record.verb = request_->verb();
    record.route = route_;
    record.status = response.status;
    record.received = received_;
    record.handling = answered_ - received_;
    record.request_id = request_id_;
    record.trace = request_->trace();
    record.parent_span = parent_span_;
    record.is_identified = request_->is_identified();
    record.peer = peer_;
    record.client = request_->client();
    record.request_body_bytes = request_->body().size();
    record.response_body_bytes = response.content().size();
    record.sent = sent;
    events().request_finished(record);
}

} // namespace otpd::http
