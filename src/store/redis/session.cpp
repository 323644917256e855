#include "session.hpp"

#include "otpd/net/tls_context.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancel_after.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/redis/request.hpp>
#include <boost/redis/response.hpp>

#include <random>

namespace otpd::store::redis {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

/// Of each step to a connection. Short: until then every request is refused anyway.
constexpr auto step_timeout = 1s;
constexpr auto greeting_timeout = 4 * step_timeout;
/// A server that says nothing for twice this long is taken for dead; or for twice the time of a command,
/// during which WAIT may keep it silent.
constexpr auto silence_min = 500ms;
/// Between two attempts; half of it is left to chance, so that instances do not knock all at once.
constexpr auto pause_min = 50ms;
constexpr auto pause_max = 500ms;
/// No answer of a script comes near it; INFO takes a few kilobytes.
constexpr std::size_t answer_bytes_max = 1024 * 1024;

boost::redis::config to_config(session_options const& options) {
    auto const& where = options.where;
    boost::redis::config config;
    config.use_ssl = where.tls;
    config.unix_socket = where.path;
    auto const to_address = [](server_address const& server) {
        return boost::redis::address{server.host, std::to_string(server.port)};
    };
    if (where.master.empty()) {
        if (!where.servers.empty()) config.addr = to_address(where.servers.front());
    } else {
        for (auto const& server : where.servers)
            config.sentinel.addresses.push_back(to_address(server));
        config.sentinel.master_name = where.master;
        config.sentinel.use_ssl = where.tls;
    }
    config.use_setup = true;
    config.setup.clear();
    if (where.password.empty())
        config.setup.hello();
    else
        config.setup.hello(where.user.empty() ? "default" : where.user, where.password.reveal());
    if (where.database != 0) config.setup.push("SELECT", where.database);

    config.resolve_timeout = step_timeout;
    config.connect_timeout = step_timeout;
    config.ssl_handshake_timeout = step_timeout;
    config.health_check_interval = std::max<duration>(silence_min, options.timeout);
    config.health_check_id = "otpd";
    config.reconnect_wait_interval = 0s; // session::run() does that
    config.max_read_size = answer_bytes_max;
    return config;
}

/// Sentinels name servers by address, so with them only the chain can be verified: the certificate
/// authority has to be the operator's own (docs/operations.md).
asio::ssl::context to_tls(session_options const& options) {
    if (!options.where.tls) return asio::ssl::context(asio::ssl::context::tls_client);
    net::tls_context trust(options.ca_file);
    if (options.where.master.empty()) {
        auto const& host = options.where.servers.front().host;
        boost::system::error_code is_name;
        asio::ip::make_address(host, is_name);
        trust.expect_host(host, !is_name);
    }
    return std::move(trust.native());
}

asio::steady_timer::duration jittered(asio::steady_timer::duration pause) {
    thread_local std::minstd_rand chance(std::random_device{}());
    std::uniform_int_distribution<asio::steady_timer::duration::rep> const half(0,
                                                                                pause.count() / 2);
    auto draw = half;
    return pause - asio::steady_timer::duration(draw(chance));
}

bool starts_with_word(std::string_view text, std::string_view word) {
    return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

/// A server that will serve later, though not now, as opposed to one that is set up wrongly.
bool is_passing(std::string_view error) {
    for (auto const* word : {"LOADING", "BUSY", "MASTERDOWN", "READONLY", "NOREPLICAS", "OOM",
                             "MISCONF", "CLUSTERDOWN", "TRYAGAIN"})
        if (starts_with_word(error, word)) return true;
    return false;
}

/// For so many answers.
template <std::size_t... Places>
auto strings_at(std::index_sequence<Places...>) {
    return boost::redis::response<std::enable_if_t<Places != SIZE_MAX, std::string>...>();
}
template <std::size_t Count>
auto strings() {
    return strings_at(std::make_index_sequence<Count>());
}

} // namespace

session::session(asio::any_io_executor const& executor, session_options options,
                 session_events events)
    : strand_(asio::make_strand(executor)), options_(std::move(options)),
      events_(std::move(events)), config_(to_config(options_)),
      connection_(strand_, to_tls(options_),
                  boost::redis::logger(boost::redis::logger::level::err,
                                       [this](boost::redis::logger::level, std::string_view text) {
                                           said_ = text;
                                       })),
      pause_(strand_), greeting_(strand_), decided_(strand_, steady_time::max()) {}

// --- commands ------------------------------------------------------------------------------------

asio::awaitable<result<fields>> session::call(script which, fields keys, fields arguments,
                                              std::string_view once_replicated) {
    if (!ready_ || in_flight_ >= options_.in_flight_max) co_return fault::unavailable;
    auto answer = co_await execute(which, keys, arguments, once_replicated);
    if (starts_with_word(answer.error, "NOSCRIPT")) { // it did not run: SCRIPT FLUSH, or a restart
        bool const loaded = co_await load(which);
        if (loaded) answer = co_await execute(which, keys, arguments, once_replicated);
    }
    if (answer.failed) co_return *answer.failed;
    // A demoted master: the new one is found by connecting again.
    if (starts_with_word(answer.error, "READONLY")) give_up(answer.error);
    if (!answer.error.empty() || answer.answer.empty()) co_return fault::unavailable;
    co_return std::move(answer.answer);
}

asio::awaitable<session::reply> session::execute(script which, fields const& keys,
                                                 fields const& arguments,
                                                 std::string_view once_replicated) {
    fields command{digests_[static_cast<std::size_t>(which)], std::to_string(keys.size())};
    command.reserve(command.size() + keys.size() + arguments.size());
    command.insert(command.end(), keys.begin(), keys.end());
    command.insert(command.end(), arguments.begin(), arguments.end());
    boost::redis::request request;
    request.push_range("EVALSHA", command);
    boost::redis::response<fields, std::int64_t> response;
    std::get<1>(response) = std::int64_t{0};
    bool const waits = options_.replicas > 0 && !once_replicated.empty();
    // Less than what the command has: too few replicas are to be told from a server that is gone.
    auto const replicas_wait = std::max<duration::rep>(1, options_.timeout.count() * 3 / 4);
    if (waits) request.push("WAIT", options_.replicas, replicas_wait);

    auto const late = std::chrono::steady_clock::now() + options_.timeout;
    ++in_flight_;
    boost::redis::any_adapter adapter(response);
    auto const [ec, size] = co_await connection_.async_exec(
        request, std::move(adapter), asio::cancel_after(options_.timeout, no_throw));
    --in_flight_;

    reply out;
    if (ec) {
        bool const timed_out = std::chrono::steady_clock::now() >= late;
        out.failed = timed_out ? fault::timed_out : fault::unavailable;
        co_return out;
    }
    auto& [ran, replicas] = response;
    if (ran.has_error()) {
        out.error = ran.error().diagnostic;
        if (out.error.empty()) out.error = "an answer of no known type";
        co_return out;
    }
    bool const enough = !waits || (replicas.has_value() && *replicas >= options_.replicas);
    if (!enough && !ran->empty() && ran->front() == once_replicated)
        out.error = "NOREPLICAS too few replicas have it";
    else
        out.answer = std::move(*ran);
    co_return out;
}

asio::awaitable<bool> session::load(script which) {
    boost::redis::request request;
    request.push("SCRIPT", "LOAD", source_of(which));
    boost::redis::response<std::string> response;
    boost::redis::any_adapter adapter(response);
    auto const [ec, size] = co_await connection_.async_exec(
        request, std::move(adapter), asio::cancel_after(options_.timeout, no_throw));
    auto& digest = std::get<0>(response);
    if (ec || digest.has_error()) co_return false;
    digests_[static_cast<std::size_t>(which)] = *digest;
    co_return true;
}

// --- the connection ------------------------------------------------------------------------------

asio::awaitable<void> session::run() {
    auto pause = asio::steady_timer::duration(pause_min);
    while (!stopped_) {
        co_await connect_once();
        bool const was_ready = ready_;
        lose(refusal_);
        if (stopped_) break;
        pause = was_ready ? asio::steady_timer::duration(pause_min)
                          : std::min<asio::steady_timer::duration>(2 * pause, pause_max);
        pause_.expires_after(jittered(pause));
        co_await pause_.async_wait(no_throw);
    }
    decide(true, "stopped");
}

/// From connecting to the end of the connection.
asio::awaitable<void> session::connect_once() {
    refusal_.clear();
    said_.clear();
    greeting_done_ = false;
    greeting_.expires_at(steady_time::max());
    auto ended = [this](std::exception_ptr thrown) {
        greeting_done_ = true;
        greeting_.cancel();
        if (thrown) give_up("an exception while greeting the server");
    };
    asio::co_spawn(strand_, greet(), asio::bind_executor(strand_, ended));
    auto const [ec] = co_await connection_.async_run(config_, no_throw);
    if (said_.empty()) said_ = ec ? ec.message() : "the connection ended";
    if (ec == boost::redis::error::resp3_hello) decide(is_passing(said_), said_);
    if (refusal_.empty()) refusal_ = said_; // before the greeting fails because of it
    connection_.cancel(boost::redis::operation::exec);
    while (!greeting_done_)
        co_await greeting_.async_wait(no_throw);
}

asio::awaitable<void> session::greet() {
    boost::redis::request request;
    request.push("INFO");
    for (auto const which : all_scripts)
        request.push("SCRIPT", "LOAD", source_of(which));
    auto response = strings<all_scripts.size() + 1>();
    boost::redis::any_adapter adapter(response);
    auto const [ec, size] = co_await connection_.async_exec(
        request, std::move(adapter), asio::cancel_after(greeting_timeout, no_throw));
    if (ec) {
        if (ec == asio::error::operation_aborted) give_up("the server does not answer");
        co_return;
    }
    auto server_says = [this](auto& info, auto&... loaded) -> std::optional<server_info> {
        std::string error = info.has_error() ? info.error().diagnostic : std::string();
        std::size_t i = 0;
        auto take = [&](auto& digest) {
            if (digest.has_error())
                error = digest.error().diagnostic;
            else
                digests_[i++] = *digest;
        };
        (take(loaded), ...);
        if (error.empty()) return parse_server_info(*info);
        decide(is_passing(error), error);
        give_up(error);
        return std::nullopt;
    };
    auto server = std::apply(server_says, response);
    if (!server) co_return;
    if (auto why = why_unusable(*server)) {
        decide(false, *why);
        give_up(*why);
        co_return;
    }
    if (server->role != "master") {
        decide(true, "the server is a replica");
        give_up("the server is a replica");
        co_return;
    }
    auto const refused = co_await introduce();
    if (!refused.empty()) {
        decide(is_passing(refused), refused);
        give_up(refused);
        co_return;
    }
    greeted(std::move(*server));
}

/// Empty, or why the server does not let this user do what the scripts do.
asio::awaitable<std::string> session::introduce() {
    fields const keys{"otp:probe"};
    auto answer = co_await execute(script::probe, keys, {}, {});
    if (answer.failed) co_return "LOADING the server does not answer";
    co_return answer.error;
}

void session::greeted(server_info server) {
    if (server.run_id != run_id_) ++epoch_;
    run_id_ = server.run_id;
    ready_ = true;
    events_.ready(server);
    decide(true, {});
}

/// Ends this connection; run() makes the next.
void session::give_up(std::string why) {
    if (refusal_.empty()) refusal_ = std::move(why);
    connection_.cancel(boost::redis::operation::run);
}

void session::lose(std::string why) {
    bool const was_ready = ready_.exchange(false);
    if (!stopped_) events_.lost(was_ready, why);
    decide(true, std::move(why));
}

void session::decide(bool usable_later, std::string why) {
    if (first_) return;
    first_ = first_attempt{usable_later, std::move(why)};
    decided_.cancel();
}

asio::awaitable<first_attempt> session::first() {
    while (!first_)
        co_await decided_.async_wait(no_throw);
    co_return *first_;
}

void session::stop() {
    stopped_ = true;
    pause_.cancel();
    connection_.cancel();
}

} // namespace otpd::store::redis
